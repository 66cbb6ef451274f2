#include "client/formats/display.h"

#include <string.h>

#include "client/formats/json.h"
#include "client/formats/params.h"

/* What the entry refuses is left out, and said. */
static int note_result(int r, struct display *display)
{
	if (r > 0)
		display->damaged = true;
	return r < 0 ? r : 0;
}

static int take_tags(const json_t *tags, struct entry *entry,
		     struct display *display)
{
	struct fault fault;
	const json_t *tag;
	size_t i;

	json_array_foreach(tags, i, tag)
	{
		int r;

		if (json_text_of(tag).n == 0)
			continue;
		r = note_result(entry_add_tag(entry, json_text_of(tag), &fault),
				display);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_object(const json_t *object, struct entry *entry,
		       struct display *display)
{
	const json_t *note = json_object_get(object, "note");
	const json_t *icon = json_object_get(object, "iconID");
	struct fault fault;
	int r = 0;

	if (!json_is_object(object)) {
		display->damaged = true;
		return 0;
	}
	entry->favourite = json_is_true(json_object_get(object, "pinned"));
	display->trashed = json_is_true(json_object_get(object, "trashed"));
	if (json_text_of(note).p)
		r = note_result(entry_set(entry, ENTRY_NOTE, json_text_of(note),
					  &fault),
				display);
	if (r == 0 && json_text_of(icon).n > 0)
		r = note_result(entry_set(entry, ENTRY_ICON, json_text_of(icon),
					  &fault),
				display);
	if (r < 0)
		return r;
	return take_tags(json_object_get(object, "tags"), entry, display);
}

int display_apply(struct bytes uri, struct entry *entry,
		  struct display *ret_display)
{
	AUTO_PARAMS struct params params = { 0 };
	struct display display = { false, false };
	const uint8_t *query = memchr(uri.p, '?', uri.n);
	struct bytes text;
	struct fault fault;
	AUTO_JSON_VALUE json_t *object = NULL;
	AUTO_IMPORT struct import unused;
	int r;

	import_init(&unused);
	*ret_display = display;
	if (!query)
		return 0;
	uri.n -= (size_t)(query + 1 - uri.p);
	uri.p = query + 1;
	r = params_parse(&params, uri, &fault);
	if (r < 0)
		return r;
	text = params.value[PARAM_CODE_DISPLAY];
	if (r != 0 || text.n == 0)
		return 0;
	/* What is wrong with it interests nobody: it is not the account. */
	r = json_read(text, &unused, &object);
	if (r >= 0)
		r = take_object(object, entry, &display);
	*ret_display = display;
	return r;
}
