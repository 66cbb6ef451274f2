#include "client/formats/duo.h"

#include "client/formats/filler.h"
#include "client/formats/refusal.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

bool duo_detect(struct bytes file)
{
	return json_first_has(file, "otpGenerator");
}

static int read_one(struct import *import, const json_t *object,
		    uint64_t position)
{
	AUTO_FILLER struct filler f;

	filler_init(&f, object, import, position);
	filler_text(&f, ENTRY_ACCOUNT, "name");
	f.record.object = json_get_object(&f.record, "otpGenerator");
	if (json_object_get(f.record.object, "counter"))
		f.entry.type = FOB__OTP_TYPE__HOTP;
	filler_counter(&f, "counter");
	filler_base32(&f, "otpSecret");
	return filler_add(&f);
}

int duo_read(struct bytes file, struct import *import)
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
