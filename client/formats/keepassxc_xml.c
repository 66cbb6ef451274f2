#include "client/formats/keepassxc_xml.h"

#include <string.h>

#include "client/formats/keepass.h"
#include "client/formats/xml.h"
#include "proto/text.h"

#define PATH_MAX_BYTES 1024

bool keepassxc_xml_detect(struct bytes file)
{
	return xml_begins(file, "KeePassFile");
}

/* The names of the groups that are open, with "/" between. */
struct path {
	uint8_t text[PATH_MAX_BYTES];
	size_t n;
};

/* One that has no room left stands without its last parts. */
static void enter(struct path *path, struct bytes name)
{
	if (name.n == 0 || name.n + 1 > sizeof(path->text) - path->n)
		return;
	if (path->n > 0)
		path->text[path->n++] = '/';
	memcpy(path->text + path->n, name.p, name.n);
	path->n += name.n;
}

struct walk {
	struct import *import;
	struct bytes bin; /* the recycle bin's id, or empty */
};

static bool is_true(struct bytes text)
{
	return text_same(text, text_of("True"));
}

static int read_entry(struct walk *walk, const struct xml *entry,
		      const struct path *path)
{
	struct keepass keepass = { .group = { path->text, path->n } };
	struct fault fault = { "otp", "is encrypted inside of the XML" };
	struct bytes title = { NULL, 0 };
	bool sealed = false;

	for (const struct xml *s = xml_child(entry, "String"); s;
	     s = xml_next(s, "String")) {
		enum keepass_field field =
			keepass_field(xml_text(xml_child(s, "Key")));
		const struct xml *value = xml_child(s, "Value");

		if (field == KEEPASS_FIELDS)
			continue;
		keepass.value[field] = xml_text(value);
		if (is_true(xml_attribute(value, "Protected")))
			sealed = sealed || field >= KEEPASS_OTP;
		else if (field == KEEPASS_TITLE)
			title = xml_text(value);
	}
	if (sealed)
		return import_skip(walk->import, entry->line, fault, title);
	return keepass_add(walk->import, entry->line, &keepass);
}

/* As deep as the tree is allowed to be (XML_DEPTH). */
static int read_group(struct walk *walk, const struct xml *group,
		      struct path path, bool root)
{
	int r = 0;

	if (walk->bin.n > 0 &&
	    text_same(xml_text(xml_child(group, "UUID")), walk->bin))
		return 0;
	/* Everything is below the root, whose name says nothing. */
	if (!root)
		enter(&path, xml_text(xml_child(group, "Name")));
	for (const struct xml *e = xml_child(group, "Entry"); r == 0 && e;
	     e = xml_next(e, "Entry"))
		r = read_entry(walk, e, &path);
	for (const struct xml *g = xml_child(group, "Group"); r == 0 && g;
	     g = xml_next(g, "Group"))
		r = read_group(walk, g, path, false);
	return r;
}

int keepassxc_xml_read(struct bytes file, struct import *import)
{
	AUTO_XML struct xml *root = NULL;
	struct walk walk = { .import = import };
	const struct xml *group;
	int r = xml_read(file, import, &root);

	if (r != 0)
		return r;
	group = xml_find(root, "Root/Group");
	if (!group)
		return import_fail(
			import,
			"the file has no group of entries: Root/Group is missing");
	if (is_true(xml_text(xml_find(root, "Meta/RecycleBinEnabled"))))
		walk.bin = xml_text(xml_find(root, "Meta/RecycleBinUUID"));
	return read_group(&walk, group, (struct path){ .n = 0 }, true);
}
