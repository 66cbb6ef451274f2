/*
 * A page of QR codes for the safe, as PDF: A4, black, in fonts that every
 * reader brings along. Those know Latin letters
 * only; others are a ? on the page, and right in the code. Measures are
 * points, 1/72 inch; y grows upwards.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/formats/latin.h"
#include "client/formats/paper.h"
#include "client/formats/pdf.h"
#include "proto/text.h"

#define LEFT 42.0
#define RIGHT 553.0
#define TOP 792.0
#define BOTTOM 60.0
#define CODE_SIDE 133.0 /* 47 mm */
#define TEXT_LEFT (LEFT + CODE_SIDE + 12)
#define GAP 8.0 /* between blocks */

/* A letter of Courier is 0.6 of its size wide. */
struct style {
	const char *font;
	double size, leading;
};

enum { ISSUER, ACCOUNT, SECRET, FACTS, TEXTS };

static const struct style styles[TEXTS] = {
	[ISSUER] = { PDF_COURIER_BOLD, 12, 15 },
	[ACCOUNT] = { PDF_COURIER, 10, 16 },
	[SECRET] = { PDF_COURIER, 11, 14 },
	[FACTS] = { PDF_COURIER, 8.5, 13 },
};
static const struct style small = { PDF_COURIER, 7.5, 10 };

struct pages {
	const struct export *export;
	struct pdf pdf;
	size_t *page_of; /* owned; of each entry, from 0 */
	size_t n;
	double y;
};

static void pages_free(struct pages *pages)
{
	free(pages->page_of);
	pdf_free(&pages->pdf);
}

struct block {
	struct document texts[TEXTS]; /* Latin-1 */
};

static void block_free(struct block *block)
{
	for (size_t i = 0; i < TEXTS; i++)
		document_free(&block->texts[i]);
}

static void block_make(struct block *block, const struct entry *entry)
{
	AUTO_DOCUMENT struct document facts = { 0 };

	latin_put(&block->texts[ISSUER],
		  text_of(entry_get(entry, ENTRY_ISSUER)));
	latin_put(&block->texts[ACCOUNT],
		  text_of(entry_get(entry, ENTRY_ACCOUNT)));
	paper_secret(&block->texts[SECRET], entry);
	paper_facts(&facts, entry);
	latin_put(&block->texts[FACTS], document_bytes(&facts));
}

static size_t columns(const struct style *style)
{
	return (size_t)((RIGHT - TEXT_LEFT) / (0.6 * style->size));
}

static size_t lines(const struct block *block, size_t i)
{
	size_t most = columns(&styles[i]);

	return (block->texts[i].n + most - 1) / most;
}

static double height(const struct block *block)
{
	double text = 12;

	for (size_t i = 0; i < TEXTS; i++)
		text += (double)lines(block, i) * styles[i].leading;
	return GAP + (text > CODE_SIDE ? text : CODE_SIDE);
}

/* --- what stands on a page ---------------------------------------------------- */

static void put_text(struct document *out, const struct style *style, double x,
		     double y, struct bytes latin)
{
	document_format(out, "BT /%s %.1f Tf %.1f %.1f Td (", style->font,
			style->size, x, y);
	for (size_t i = 0; i < latin.n; i++) {
		uint8_t c = latin.p[i];

		if (c < ' ' || c > '~')
			document_format(out, "\\%03o", c);
		else
			document_format(out, "%s%c",
					strchr("()\\", c) ? "\\" : "", c);
	}
	document_put(out, ") Tj ET\n");
}

static void put_rule(struct document *out, double y)
{
	document_format(out, "%.1f %.1f %.1f 0.5 re f\n", LEFT, y,
			RIGHT - LEFT);
}

/* The modules as a stencil, a bit each; 0 is painted. */
static void put_code(struct document *out, const struct code *code, double top)
{
	double module = CODE_SIDE / (double)(code->width + 2 * CODE_QUIET);
	double side = module * (double)code->width;

	document_format(out, "q %.3f 0 0 %.3f %.3f %.3f cm\n", side, side,
			LEFT + CODE_QUIET * module,
			top - CODE_QUIET * module - side);
	document_format(out, "BI /W %zu /H %zu /IM true /F /AHx ID\n",
			code->width, code->width);
	for (size_t row = 0; row < code->width; row++) {
		for (size_t column = 0; column < code->width; column += 8) {
			uint8_t byte = 0xff;

			for (size_t i = 0; i < 8; i++)
				if (code_dark(code, row, column + i))
					byte &= (uint8_t) ~(0x80u >> i);
			document_hex(out, (struct bytes){ &byte, 1 });
		}
		document_put(out, "\n");
	}
	document_put(out, "> EI Q\n");
}

static void put_texts(struct document *out, const struct block *block,
		      double top)
{
	double y = top - 12;

	for (size_t i = 0; i < TEXTS; i++) {
		struct bytes rest = document_bytes(&block->texts[i]);

		while (rest.n > 0) {
			size_t n = size_min(rest.n, columns(&styles[i]));

			y -= styles[i].leading;
			put_text(out, &styles[i], TEXT_LEFT, y,
				 (struct bytes){ rest.p, n });
			rest.p += n;
			rest.n -= n;
		}
	}
}

static int put_block(struct pages *pages, struct document *out,
		     const struct entry *entry)
{
	CLEANUP(block_free) struct block block = { 0 };
	AUTO_CODE struct code code = { 0 };
	int r = paper_code(entry, &code);

	if (r != 0)
		return r;
	block_make(&block, entry);
	put_code(out, &code, pages->y);
	put_texts(out, &block, pages->y);
	pages->y -= height(&block);
	put_rule(out, pages->y + GAP / 2);
	return 0;
}

static void put_edges(const struct pages *pages, struct document *out,
		      size_t page)
{
	static const struct style title = { PDF_HELVETICA_BOLD, 11, 14 };
	char text[64];

	put_text(out, &title, LEFT, TOP + 14, text_of(PAPER_TITLE));
	snprintf(text, sizeof(text), "printed from fob, %s",
		 pages->export->date);
	put_text(out, &small, RIGHT - 0.6 * small.size * (double)strlen(text),
		 TOP + 14, text_of(text));
	put_rule(out, TOP + 8);
	put_text(out, &small, LEFT, BOTTOM - 22, text_of(PAPER_WARNING));
	snprintf(text, sizeof(text), "%zu/%zu", page + 1, pages->n);
	put_text(out, &small, RIGHT - 0.6 * small.size * (double)strlen(text),
		 BOTTOM - 22, text_of(text));
}

/* --- the file ------------------------------------------------------------------- */

static int put_page(struct pages *pages, size_t page, size_t *i)
{
	AUTO_DOCUMENT struct document content = { 0 };
	const struct import *import = &pages->export->import;
	int r = 0;

	pages->y = TOP;
	put_edges(pages, &content, page);
	for (; r == 0 && *i < import->n && pages->page_of[*i] == page; (*i)++)
		r = put_block(pages, &content, &import->entries[*i]);
	pdf_page(&pages->pdf, page, &content);
	return r == 0 && content.failed ? -ENOMEM : r;
}

/* Which entry goes to which page. */
static int lay_out(struct pages *pages)
{
	const struct import *import = &pages->export->import;
	double y = TOP;

	pages->page_of = calloc(import->n + 1, sizeof(*pages->page_of));
	if (!pages->page_of)
		return -ENOMEM;
	for (size_t i = 0; i < import->n; i++) {
		CLEANUP(block_free) struct block block = { 0 };

		block_make(&block, &import->entries[i]);
		if (y - height(&block) < BOTTOM) {
			pages->n++;
			y = TOP;
		}
		y -= height(&block);
		pages->page_of[i] = pages->n;
	}
	pages->n++;
	return 0;
}

int pdf_write(const struct export *export, struct document *document)
{
	CLEANUP(pages_free) struct pages pages = { .export = export };
	size_t i = 0;
	int r = lay_out(&pages);

	if (r == 0)
		r = pdf_begin(&pages.pdf, document, pages.n);
	for (size_t page = 0; r == 0 && page < pages.n; page++)
		r = put_page(&pages, page, &i);
	if (r == 0)
		pdf_end(&pages.pdf);
	return r;
}
