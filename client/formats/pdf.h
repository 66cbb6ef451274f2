/*
 * The frame of a PDF 1.4 (ISO 32000-1 has all of it): pages of A4 with three
 * of the fonts that every reader brings along, and the table of where its
 * objects are. What stands on a page comes from the caller, who owns the
 * document as well.
 */
#ifndef FOB_FORMATS_PDF_H
#define FOB_FORMATS_PDF_H

#include "client/formats/document.h"

/* Names of the fonts on each page. */
#define PDF_COURIER "C"
#define PDF_COURIER_BOLD "B"
#define PDF_HELVETICA_BOLD "H"

/* Zeroed is empty. */
struct pdf {
	struct document *out;
	size_t *at; /* owned; where each object begins, from the first */
	size_t objects;
};

void pdf_free(struct pdf *pdf);

/* Before all pages, whose number is known. 0 or -ENOMEM. */
int pdf_begin(struct pdf *pdf, struct document *out, size_t pages);

/* A page, from 0, in order; content: its operators, each line ended. */
void pdf_page(struct pdf *pdf, size_t page, const struct document *content);

/* After the last. */
void pdf_end(struct pdf *pdf);

#endif
