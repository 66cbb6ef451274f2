#include "client/formats/filler.h"

#include "client/formats/encoded.h"
#include "client/formats/label.h"
#include "client/formats/names.h"
#include "client/formats/uri.h"

void filler_init(struct filler *filler, const json_t *object,
		 struct import *import, uint64_t position)
{
	*filler = (struct filler){
		.record = { .object = object },
		.import = import,
		.position = position,
	};
	entry_init(&filler->entry);
	if (!json_is_object(object))
		filler->record.fault =
			(struct fault){ "record", "is not an object" };
}

void filler_deinit(struct filler *filler)
{
	entry_deinit(&filler->entry);
}

void filler_fail(struct filler *filler, int error, struct fault fault)
{
	if (filler->error < 0 || error == 0)
		return;
	if (error < 0)
		filler->error = error;
	else if (!json_failed(&filler->record))
		filler->record.fault = fault;
}

void filler_text(struct filler *filler, enum entry_text which, const char *key)
{
	struct bytes text = json_get_text(&filler->record, key);
	struct fault fault = { NULL, NULL };
	int r;

	if (!text.p)
		return;
	r = entry_set(&filler->entry, which, text, &fault);
	filler_fail(filler, r, fault);
}

void filler_note(struct filler *filler, const char *key)
{
	struct fault none = { NULL, NULL };
	int r;

	r = import_note(filler->import, filler->position, &filler->entry,
			json_get_text(&filler->record, key));
	filler_fail(filler, r, none);
}

void filler_icon(struct filler *filler, struct bytes name)
{
	struct fault fault = { NULL, NULL };
	int r = name.n > 0 ?
			entry_set(&filler->entry, ENTRY_ICON, name, &fault) :
			0;

	if (r == ENTRY_ERR_INVALID)
		filler_icon_lost(filler);
	else
		filler_fail(filler, r, fault);
}

void filler_icon_lost(struct filler *filler)
{
	struct fault none = { NULL, NULL };

	filler_fail(filler,
		    import_warn(filler->import, filler->position,
				"without its icon, which is a picture"),
		    none);
}

void filler_tag(struct filler *filler, struct bytes name)
{
	struct fault none = { NULL, NULL };
	int r;

	r = import_tag(filler->import, filler->position, &filler->entry, name);
	filler_fail(filler, r, none);
}

void filler_type(struct filler *filler, const char *key)
{
	struct bytes name = json_get_text(&filler->record, key);

	if (name.p)
		filler->entry.type = names_type(name);
}

/* Not 0 for an unknown one, or it would become the usual one later. */
void filler_algorithm(struct filler *filler, const char *key)
{
	struct bytes name = json_get_text(&filler->record, key);
	uint32_t algorithm = names_algorithm(name);

	if (name.n > 0)
		filler->entry.algorithm = algorithm ? algorithm : UINT32_MAX;
}

/* The same for a 0 that the file tells. */
static void take_number(struct filler *filler, const char *key, uint32_t *field)
{
	uint32_t v = json_get_small(&filler->record, key, *field);

	*field = v ? v : UINT32_MAX;
}

void filler_digits(struct filler *filler, const char *key)
{
	take_number(filler, key, &filler->entry.digits);
}

void filler_period(struct filler *filler, const char *key)
{
	take_number(filler, key, &filler->entry.period);
}

void filler_loose(struct filler *filler, const char *key, uint32_t *field)
{
	uint64_t v = json_get_loose(&filler->record, key, *field);

	*field = v == 0 || v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

void filler_counter(struct filler *filler, const char *key)
{
	filler->entry.counter =
		json_get_number(&filler->record, key, filler->entry.counter);
}

void filler_label(struct filler *filler, struct bytes issuer,
		  struct bytes label)
{
	struct fault fault = { NULL, NULL };
	int r;

	r = label_apply(&filler->entry, issuer, label, &fault);
	filler_fail(filler, r, fault);
}

void filler_base32(struct filler *filler, const char *key)
{
	struct bytes text = json_get_text(&filler->record, key);
	struct fault fault = { NULL, NULL };
	int r;

	r = encoded_base32(&filler->entry, text, &fault);
	filler_fail(filler, r, fault);
}

void filler_hex(struct filler *filler, const char *key)
{
	struct bytes text = json_get_text(&filler->record, key);
	struct fault fault = { NULL, NULL };
	int r;

	r = encoded_hex(&filler->entry, text, &fault);
	filler_fail(filler, r, fault);
}

void filler_uri(struct filler *filler, struct bytes uri)
{
	struct uri_warnings warnings = { .n = 0 };
	struct fault fault = { NULL, NULL };
	int r;

	r = uri_parse(uri, &filler->entry, &warnings, &fault);
	filler_fail(filler, r, fault);
	for (size_t i = 0; i < warnings.n; i++) {
		r = import_warn(filler->import, filler->position,
				warnings.text[i]);
		filler_fail(filler, r, fault);
	}
}

int filler_add(struct filler *filler)
{
	int error = filler->error;

	if (error == 0 && json_failed(&filler->record))
		error = ENTRY_ERR_INVALID;
	entry_settle(&filler->entry);
	return import_take(filler->import, filler->position, &filler->entry,
			   error, filler->record.fault);
}
