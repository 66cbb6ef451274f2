/* What KeePassXC exports and imports: a table, and XML of KeePass 2. */
#include <errno.h>
#include <stdlib.h>

#include "client/formats/export.h"

static void put_uri(struct document *d, const struct entry *entry,
		    void (*put)(struct document *, const char *))
{
	AUTO_DOCUMENT struct document uri = { 0 };

	export_uri(&uri, entry, EXPORT_STEAM_ENCODER);
	document_add(&uri, (struct bytes){ (const uint8_t *)"", 1 });
	if (uri.failed)
		d->failed = true;
	else
		put(d, (const char *)uri.p);
}

/* --- the table ---------------------------------------------------------------- */

static void put_group(struct document *d, const char *tag)
{
	AUTO_DOCUMENT struct document path = { 0 };

	document_put(&path, *tag ? "Root/" : "Root");
	document_put(&path, tag);
	document_add(&path, (struct bytes){ (const uint8_t *)"", 1 });
	if (path.failed)
		d->failed = true;
	else
		document_csv(d, (const char *)path.p);
}

int keepassxc_csv_write(const struct export *export, struct document *document)
{
	struct document *d = document;

	document_put(d, "\"Group\",\"Title\",\"Username\",\"Password\","
			"\"URL\",\"Notes\",\"TOTP\",\"Icon\","
			"\"Last Modified\",\"Created\"\n");
	for (size_t i = 0; i < export->import.n; i++) {
		const struct entry *entry = &export->import.entries[i];

		put_group(d, export_tag(entry, 0));
		document_put(d, ",");
		document_csv(d, entry_get(entry, ENTRY_ISSUER));
		document_put(d, ",");
		document_csv(d, entry_get(entry, ENTRY_ACCOUNT));
		document_put(d, ",\"\",\"\",");
		document_csv(d, entry_get(entry, ENTRY_NOTE));
		document_put(d, ",");
		put_uri(d, entry, document_csv);
		document_put(d, ",\"0\",\"\",\"\"\n");
	}
	return 0;
}

/* --- the XML -------------------------------------------------------------------- */

static void put_string(struct document *d, const char *key, const char *value)
{
	document_put(d, "<String><Key>");
	document_put(d, key);
	document_put(d, "</Key><Value>");
	document_xml(d, value);
	document_put(d, "</Value></String>");
}

/* Ids are 16 bytes in base64. */
static void put_id(struct document *d, const char *what, size_t i)
{
	AUTO_DOCUMENT struct document id = { 0 };

	export_uuid(&id, what, i);
	document_put(d, "<UUID>");
	if (id.n >= 16)
		document_base64(d, (struct bytes){ id.p + id.n - 16, 16 });
	document_put(d, "</UUID>");
	d->failed = d->failed || id.failed;
}

static void put_entry(struct document *d, const struct entry *entry, size_t i)
{
	document_put(d, "<Entry>");
	put_id(d, "entry", i);
	put_string(d, "Title", entry_get(entry, ENTRY_ISSUER));
	put_string(d, "UserName", entry_get(entry, ENTRY_ACCOUNT));
	put_string(d, "Notes", entry_get(entry, ENTRY_NOTE));
	document_put(d, "<String><Key>otp</Key>"
			"<Value ProtectInMemory=\"True\">");
	put_uri(d, entry, document_xml);
	document_put(d, "</Value></String></Entry>\n");
}

/* Those of one group: of the n-th tag, or, with NULL, without one. */
static void put_entries(struct document *d, const struct import *import,
			const char *tag)
{
	for (size_t i = 0; i < import->n; i++) {
		const struct entry *entry = &import->entries[i];
		const char *own = export_tag(entry, 0);
		const char *const wanted[] = { tag ? tag : "" };

		if (export_tag_index(wanted, 1, own) == 0)
			put_entry(d, entry, i);
	}
}

static bool is_first(const struct import *import, const char *tag)
{
	const char *const wanted[] = { tag };

	for (size_t i = 0; i < import->n; i++)
		if (export_tag_index(wanted, 1,
				     export_tag(&import->entries[i], 0)) == 0)
			return true;
	return false;
}

int keepassxc_xml_write(const struct export *export, struct document *document)
{
	const struct import *import = &export->import;
	struct document *d = document;
	size_t n;
	AUTO_FREE const char **tags = export_tags(export, &n);

	if (!tags)
		return -ENOMEM;
	document_put(d, "<?xml version=\"1.0\" encoding=\"UTF-8\" "
			"standalone=\"yes\"?>\n"
			"<KeePassFile><Meta><Generator>fob</Generator></Meta>"
			"<Root><Group>");
	put_id(d, "root", 0);
	document_put(d, "<Name>Root</Name>\n");
	put_entries(d, import, NULL);
	for (size_t i = 0; i < n; i++) {
		if (!is_first(import, tags[i]))
			continue;
		document_put(d, "<Group>");
		put_id(d, "group", i);
		document_put(d, "<Name>");
		document_xml(d, tags[i]);
		document_put(d, "</Name>\n");
		put_entries(d, import, tags[i]);
		document_put(d, "</Group>\n");
	}
	document_put(d, "</Group><DeletedObjects/></Root></KeePassFile>\n");
	return 0;
}
