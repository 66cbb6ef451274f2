#include "client/formats/display.h"

#include <jansson.h>
#include <string.h>

#include "client/formats/params.h"

static struct bytes string(const json_t *value)
{
	return (struct bytes){ (const uint8_t *)json_string_value(value),
			       json_string_length(value) };
}

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

		if (!json_is_string(tag) || json_string_length(tag) == 0)
			continue;
		r = note_result(entry_add_tag(entry, string(tag), &fault),
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
	struct fault fault;
	int r = 0;

	if (!json_is_object(object)) {
		display->damaged = true;
		return 0;
	}
	entry->favourite = json_is_true(json_object_get(object, "pinned"));
	display->trashed = json_is_true(json_object_get(object, "trashed"));
	if (json_is_string(note))
		r = note_result(entry_set(entry, ENTRY_NOTE, string(note),
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
	json_t *object;
	int r;

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
	object = json_loadb((const char *)text.p, text.n, 0, NULL);
	r = take_object(object, entry, &display);
	json_decref(object);
	*ret_display = display;
	return r;
}
