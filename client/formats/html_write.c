/*
 * A page of QR codes for the safe, as HTML: everything is in the one file,
 * nothing is fetched, nothing runs. Each sheet of A4 is a section of its own,
 * so that its number stands on it whatever the browser prints.
 */
#include "client/formats/paper.h"

#define ON_A_PAGE 5

static void put_head(const struct export *export, struct document *document)
{
	document_put(
		document,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		"<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" "
		"content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
		"<title>" PAPER_TITLE "</title>\n<style>\n"
		"@page { size: A4; margin: 12mm 15mm }\n"
		"body { margin: 0; color: #000; background: #fff;\n"
		"\tfont: 10pt Helvetica, Arial, sans-serif }\n"
		"section { width: 180mm; break-after: page }\n"
		"section:last-child { break-after: auto }\n"
		"header, footer { display: flex;\n"
		"\tjustify-content: space-between; font-size: 8.5pt }\n"
		"header { border-bottom: 0.3mm solid; padding-bottom: 1.5mm }\n"
		"article { display: flow-root; break-inside: avoid;\n"
		"\tmin-height: 47mm; border-bottom: 0.2mm solid;\n"
		"\tpadding: 1mm 0 }\n"
		"svg { float: left; width: 47mm; height: 47mm }\n"
		"article div { overflow-wrap: anywhere; padding-top: 4mm;\n"
		"\tmargin-left: 52mm }\n"
		"h2, p { margin: 0 0 1.5mm; font-size: 11pt }\n"
		"code { font: 10.5pt 'DejaVu Sans Mono', monospace }\n"
		"</style>\n</head>\n<body>\n"
		"<!-- " PAPER_FILE " -->\n");
	(void)export;
}

/* The dark runs of a row are dashes of a pen that is one module wide. */
static void put_row(struct document *document, const struct code *code,
		    size_t row)
{
	size_t at = 0; /* where the pen is */
	bool begun = false;

	for (size_t i = 0, run; i < code->width; i += run) {
		for (run = 1;
		     i + run < code->width &&
		     code_dark(code, row, i + run) == code_dark(code, row, i);
		     run++)
			;
		if (!code_dark(code, row, i))
			continue;
		document_put(document, begun ? "m" : "M");
		document_number(document, i - at);
		document_put(document, begun ? " 0h" : " ");
		if (!begun) {
			document_number(document, row);
			document_put(document, ".5h");
		}
		document_number(document, run);
		begun = true;
		at = i + run;
	}
}

static void put_code(struct document *document, const struct code *code)
{
	document_put(document, "<svg viewBox=\"-4 -4 ");
	document_number(document, code->width + 2 * CODE_QUIET);
	document_put(document, " ");
	document_number(document, code->width + 2 * CODE_QUIET);
	document_put(document, "\" shape-rendering=\"crispEdges\">"
			       "<path stroke=\"#000\" d=\"");
	for (size_t row = 0; row < code->width; row++)
		put_row(document, code, row);
	document_put(document, "\"/></svg>\n");
}

static int put_entry(struct document *document, const struct entry *entry)
{
	AUTO_DOCUMENT struct document facts = { 0 };
	AUTO_CODE struct code code = { 0 };
	const char *issuer = entry_get(entry, ENTRY_ISSUER);
	int r = paper_code(entry, &code);

	if (r != 0)
		return r;
	document_put(document, "<article>\n");
	put_code(document, &code);
	document_put(document, "<div>\n");
	if (*issuer) {
		document_put(document, "<h2>");
		document_xml(document, issuer);
		document_put(document, "</h2>\n");
	}
	document_put(document, "<p>");
	document_xml(document, entry_get(entry, ENTRY_ACCOUNT));
	document_put(document, "</p>\n<p><code>");
	paper_secret(document, entry);
	document_put(document, "</code></p>\n<p>");
	paper_facts(&facts, entry);
	document_add(&facts, (struct bytes){ (const uint8_t *)"", 1 });
	if (facts.failed)
		document->failed = true;
	else
		document_xml(document, (const char *)facts.p);
	document_put(document, "</p>\n</div>\n</article>\n");
	return 0;
}

static void put_page_head(const struct export *export,
			  struct document *document)
{
	document_put(document, "<section>\n<header><b>" PAPER_TITLE
			       "</b><span>printed from fob, ");
	document_xml(document, export->date);
	document_put(document, "</span></header>\n");
}

static void put_page_foot(struct document *document, size_t page, size_t pages)
{
	document_put(document, "<footer><span>" PAPER_WARNING "</span><span>");
	document_number(document, page);
	document_put(document, "/");
	document_number(document, pages);
	document_put(document, "</span></footer>\n</section>\n");
}

int html_write(const struct export *export, struct document *document)
{
	size_t n = export->import.n;
	size_t pages = (n + ON_A_PAGE - 1) / ON_A_PAGE;
	int r = 0;

	put_head(export, document);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (i % ON_A_PAGE == 0)
			put_page_head(export, document);
		r = put_entry(document, &export->import.entries[i]);
		if (i % ON_A_PAGE == ON_A_PAGE - 1 || i + 1 == n)
			put_page_foot(document, i / ON_A_PAGE + 1, pages);
	}
	document_put(document, "</body>\n</html>\n");
	return r;
}
