/*
 * The way out: entries, and what each format can say of them. What it cannot
 * is told before anything is written: an entry whose codes would not come out
 * right is left out, whatever else has no place is lost by name. A writer
 * sees only entries that its format carries. The table is in export.c; one
 * more format is one more row there, and one more file NAME_write.c.
 */
#ifndef FOB_FORMATS_EXPORT_H
#define FOB_FORMATS_EXPORT_H

#include "client/formats/document.h"
#include "client/formats/import.h"
#include "proto/local.pb-c.h"

struct export;

enum target_kind {
	TARGET_TEXT = 0, /* may be shown on a terminal */
	TARGET_BINARY,
	TARGET_EACH, /* a binary file for each entry, export->only */
};

/* What a format can say, and who writes it. */
struct target {
	const char *name;
	uint32_t types; /* bits: 1 << Fob__OtpType */
	uint32_t digits_min, digits_max;
	size_t tags;   /* how many an entry may have */
	uint32_t pins; /* of these types it takes the PIN along; bits */
	bool note, favourite;
	bool plain, sealed; /* the forms that there are, one at least */
	enum target_kind kind;

	/* NULL, or whether what is special to the format can be said. */
	bool (*carries)(const struct entry *entry, struct fault *ret_fault);

	/* 0 or -ENOMEM. The document is empty, its memory the caller's. */
	int (*write)(const struct export *export, struct document *document);
};

/* By position from 0, NULL after the last; by name, NULL: there is none. */
const struct target *export_at(size_t i);
const struct target *export_find(const char *name);

struct export
{
	const struct target *target;
	struct bytes password; /* p is NULL: the plain form */
	char date[16];	       /* of today, for what is printed */
	size_t only;	       /* TARGET_EACH: the index of the entry */

	/* Owned: the entries, and what is left out and lost, in import's words. */
	struct import import;
};

void export_init(struct export *export, const struct target *target);
void export_deinit(struct export *export);
#define AUTO_EXPORT CLEANUP(export_deinit)

/*
 * Takes what an entry owns, as far as the format carries it, and reports the
 * rest under its position. 0, -ENOMEM, or IMPORT_ERR_FILE.
 */
int export_add(struct export *export, uint64_t position, struct entry *entry);

/* That part of it: a warning for each thing that is lost. 0 or -ENOMEM. */
int export_report_lost(struct export *export, uint64_t position,
		       const struct entry *entry);

/* The same for a message; one that no vault could hold is left out. */
int export_message(struct export *export, uint64_t position,
		   const Fob__NewEntry *message);

/*
 * Frames of NewEntry messages, whose positions count from 1. 0, -ENOMEM, or
 * IMPORT_ERR_FILE for what is no such message, or for too many.
 */
int export_read(struct export *export, struct bytes input);

/* The whole file, or that of the entry export->only. 0 or -ENOMEM. */
int export_write(const struct export *export, struct document *document);

/* Names of the type (totp, hotp, ...) and of the algorithm (SHA1, ...). */
const char *export_type(const struct entry *entry);
const char *export_algorithm(const struct entry *entry);

/* The name of a tag; "" when there are fewer. */
const char *export_tag(const struct entry *entry, size_t i);

/*
 * All tags that occur, each once, in the order of their first entry. The
 * texts are those of the entries; the caller frees the list. Or NULL: no
 * memory.
 */
const char **export_tags(const struct export *export, size_t *ret_n);
size_t export_tag_index(const char *const *tags, size_t n, const char *tag);

/* A UUID of a tag or an entry that is the same in all of one file. */
void export_uuid(struct document *document, const char *what, size_t i);

/*
 * The URI of the entry, as text in the document: a steam entry in the way of
 * the application.
 */
enum export_steam {
	EXPORT_STEAM_TYPE,    /* otpauth://steam/ */
	EXPORT_STEAM_SCHEME,  /* steam://SECRET */
	EXPORT_STEAM_ENCODER, /* &encoder=steam */
};
void export_uri(struct document *document, const struct entry *entry,
		enum export_steam how);

/* The writers. */
int list_write(const struct export *export, struct document *document);
int aegis_write(const struct export *export, struct document *document);
int twofas_write(const struct export *export, struct document *document);
int bitwarden_write(const struct export *export, struct document *document);
int ente_write(const struct export *export, struct document *document);
int stratum_write(const struct export *export, struct document *document);
int proton_write(const struct export *export, struct document *document);
int freeotp_plus_write(const struct export *export, struct document *document);
int keepassxc_csv_write(const struct export *export, struct document *document);
int keepassxc_xml_write(const struct export *export, struct document *document);
int html_write(const struct export *export, struct document *document);
int pdf_write(const struct export *export, struct document *document);
int png_write(const struct export *export, struct document *document);
int list_write_google(const struct export *export, struct document *document);

#endif
