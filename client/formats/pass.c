#include "client/formats/pass.h"

#include <string.h>

#include "client/formats/login.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

bool pass_detect(struct bytes file UNUSED)
{
	return false;
}

/* Up to the next NUL; p is NULL when there is none. */
static struct bytes take(struct bytes *rest)
{
	const uint8_t *end = rest->n ? memchr(rest->p, 0, rest->n) : NULL;
	struct bytes head = { rest->p, 0 };

	if (!end)
		return (struct bytes){ NULL, 0 };
	head.n = (size_t)(end - rest->p);
	*rest = (struct bytes){ end + 1, rest->n - head.n - 1 };
	return head;
}

/* "folder/name": the folder becomes a tag. */
static struct bytes split(struct bytes path, struct bytes *ret_folder)
{
	const uint8_t *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;

	*ret_folder = (struct bytes){ path.p, 0 };
	if (!slash)
		return path;
	ret_folder->n = (size_t)(slash - path.p);
	return (struct bytes){ slash + 1, path.n - ret_folder->n - 1 };
}

/* pass adds 1 before it makes a code, so that is the next one. */
static int next_counter(struct entry *entry, struct fault *fault)
{
	if (entry->type != FOB__OTP_TYPE__HOTP)
		return 0;
	if (entry->counter == UINT64_MAX) {
		*fault = (struct fault){ "counter", "is at its end" };
		return ENTRY_ERR_INVALID;
	}
	entry->counter++;
	return 0;
}

static int read_one(struct import *import, uint64_t position, struct bytes path,
		    struct bytes uri)
{
	AUTO_ENTRY struct entry entry;
	struct bytes folder, name = split(path, &folder);
	struct login login = { .totp = uri, .name = name };
	struct fault fault = { NULL, NULL };
	int r;

	entry_init(&entry);
	r = login_fill(&login, import, position, &entry, &fault);
	if (r == 0)
		r = next_counter(&entry, &fault);
	if (r == 0)
		r = import_tag(import, position, &entry, folder);
	return import_take(import, position, &entry, r, fault);
}

int pass_read(struct bytes file, struct import *import)
{
	uint64_t position = 0;

	while (file.n > 0) {
		struct bytes path = take(&file), uri = take(&file);
		int r;

		if (!uri.p)
			return import_fail(import, "what was read of the "
						   "store is cut off");
		r = read_one(import, ++position, path, uri);
		if (r != 0)
			return r;
	}
	return 0;
}
