#include "client/formats/freeotp_plus.h"

#include "client/formats/refusal.h"
#include "client/formats/token.h"

bool freeotp_plus_detect(struct bytes file)
{
	return json_has(file, "tokens") && json_has(file, "tokenOrder");
}

int freeotp_plus_read(struct bytes file, struct import *import)
{
	AUTO_JSON_VALUE json_t *root = NULL;
	const json_t *list, *object;
	size_t i;
	int r = json_read(file, import, &root);

	if (r != 0)
		return r;
	list = json_object_get(root, "tokens");
	if (!json_is_array(list))
		return refusal_list(import, "tokens");
	json_array_foreach(list, i, object)
	{
		r = token_add(import, i + 1, object, (struct bytes){ NULL, 0 });
		if (r != 0)
			return r;
	}
	return 0;
}
