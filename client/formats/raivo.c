#include "client/formats/raivo.h"

#include "client/formats/filler.h"
#include "client/formats/refusal.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

bool raivo_detect(struct bytes file)
{
	return json_first_has(file, "kind") && json_first_has(file, "timer");
}

static bool is_true(struct filler *f, const char *key)
{
	const json_t *value = json_object_get(f->record.object, key);

	return json_is_true(value) ||
	       text_same(json_text_of(value), text_of("true"));
}

static int read_one(struct import *import, const json_t *object,
		    uint64_t position)
{
	AUTO_FILLER struct filler f;

	filler_init(&f, object, import, position);
	filler_text(&f, ENTRY_ISSUER, "issuer");
	filler_text(&f, ENTRY_ACCOUNT, "account");
	filler_type(&f, "kind");
	filler_algorithm(&f, "algorithm");
	filler_loose(&f, "digits", &f.entry.digits);
	if (f.entry.type == FOB__OTP_TYPE__HOTP)
		f.entry.counter = json_get_loose(&f.record, "counter", 0);
	else
		filler_loose(&f, "timer", &f.entry.period);
	f.entry.favourite = is_true(&f, "pinned");
	filler_icon(&f, json_get_text(&f.record, "iconValue"));
	filler_base32(&f, "secret");
	return filler_add(&f);
}

int raivo_read(struct bytes file, struct import *import)
{
	AUTO_JSON_VALUE json_t *root = NULL;
	const json_t *object;
	size_t i;
	int r = json_read(file, import, &root);

	if (r != 0)
		return r;
	if (!json_is_array(root))
		return refusal_list(import, NULL);
	json_array_foreach(root, i, object)
	{
		r = read_one(import, object, i + 1);
		if (r != 0)
			return r;
	}
	return 0;
}
