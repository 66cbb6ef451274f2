#include "client/formats/pdf.h"

#include <errno.h>
#include <stdlib.h>

/* The objects with fixed numbers; each page has two behind them. */
enum { CATALOG = 1, PAGES, FONTS, FIRST_PAGE = FONTS + 3 };

static const char *const fonts[][2] = {
	{ PDF_COURIER, "Courier" },
	{ PDF_COURIER_BOLD, "Courier-Bold" },
	{ PDF_HELVETICA_BOLD, "Helvetica-Bold" },
};

void pdf_free(struct pdf *pdf)
{
	free(pdf->at);
	*pdf = (struct pdf){ 0 };
}

static void begin(struct pdf *pdf, size_t number)
{
	REQUIRE(number <= pdf->objects);
	pdf->at[number - 1] = pdf->out->n;
	document_format(pdf->out, "%zu 0 obj\n", number);
}

static void put_fonts(struct pdf *pdf)
{
	for (size_t i = 0; i < ARRAY_SIZE(fonts); i++) {
		begin(pdf, FONTS + i);
		document_format(pdf->out,
				"<< /Type /Font /Subtype /Type1 /BaseFont /%s",
				fonts[i][1]);
		document_put(pdf->out,
			     " /Encoding /WinAnsiEncoding >>\nendobj\n");
	}
}

int pdf_begin(struct pdf *pdf, struct document *out, size_t pages)
{
	pdf->out = out;
	pdf->objects = FIRST_PAGE - 1 + 2 * pages;
	pdf->at = calloc(pdf->objects, sizeof(*pdf->at));
	if (!pdf->at)
		return -ENOMEM;
	document_put(out, "%PDF-1.4\n");
	begin(pdf, CATALOG);
	document_format(out, "<< /Type /Catalog /Pages %d 0 R >>\nendobj\n",
			PAGES);
	begin(pdf, PAGES);
	document_format(out, "<< /Type /Pages /Count %zu /Kids [\n", pages);
	for (size_t i = 0; i < pages; i++)
		document_format(out, "%zu 0 R\n", FIRST_PAGE + 2 * i);
	document_put(out, "] >>\nendobj\n");
	put_fonts(pdf);
	return 0;
}

void pdf_page(struct pdf *pdf, size_t page, const struct document *content)
{
	size_t number = FIRST_PAGE + 2 * page;

	begin(pdf, number);
	document_format(pdf->out,
			"<< /Type /Page /Parent %d 0 R /Contents %zu 0 R "
			"/MediaBox [0 0 595 842]\n/Resources << /Font <<",
			PAGES, number + 1);
	for (size_t i = 0; i < ARRAY_SIZE(fonts); i++)
		document_format(pdf->out, " /%s %zu 0 R", fonts[i][0],
				FONTS + i);
	document_put(pdf->out, " >> >> >>\nendobj\n");
	begin(pdf, number + 1);
	document_format(pdf->out, "<< /Length %zu >>\nstream\n", content->n);
	document_add(pdf->out, document_bytes(content));
	document_put(pdf->out, "endstream\nendobj\n");
}

/* Each line of the table has 20 bytes, the one at its end is a space. */
void pdf_end(struct pdf *pdf)
{
	size_t start = pdf->out->n;

	document_format(pdf->out, "xref\n0 %zu\n0000000000 65535 f \n",
			pdf->objects + 1);
	for (size_t i = 0; i < pdf->objects; i++)
		document_format(pdf->out, "%010zu 00000 n \n", pdf->at[i]);
	document_format(pdf->out,
			"trailer\n<< /Size %zu /Root %d 0 R >>\n"
			"startxref\n%zu\n%%%%EOF\n",
			pdf->objects + 1, CATALOG, start);
}
