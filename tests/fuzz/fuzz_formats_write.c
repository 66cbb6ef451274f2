/*
 * Lists of URIs of any bytes, written in each plain form: what comes back is
 * as many entries as went out, whatever their names hold. And any bytes as
 * the messages that are to be written.
 *
 * Covers: code, latin, paper, pdf, document, crypt_seal, export,
 * export_read, export_value, list_write, aegis_write, twofas_write, bitwarden_write, ente_write,
 * stratum_write, proton_write, freeotp_plus_write, keepassxc_write
 */
#include "tests/fuzz/formats.h"

#include "client/formats/export.h"

static void write_and_read(const struct target *target, struct bytes file)
{
	AUTO_DOCUMENT struct document document = { 0 };
	AUTO_EXPORT struct export export;
	AUTO_IMPORT struct import import, again;
	const struct format *format = formats_find(target->name);

	import_init(&import);
	import_init(&again);
	export_init(&export, target);
	REQUIRE(formats_find("uri")->read(file, &import) >= 0);
	for (size_t i = 0; i < import.n; i++)
		REQUIRE(export_add(&export, i + 1, &import.entries[i]) == 0);
	if (export.import.n == 0)
		return;
	REQUIRE(export_write(&export, &document) == 0);
	if (!format) /* a page, for cameras */
		return;
	REQUIRE(format->read(document_bytes(&document), &again) == 0);
	REQUIRE(again.n == export.import.n && again.skipped.n == 0);
}

static void read_messages(struct bytes input)
{
	AUTO_EXPORT struct export export;
	int r;

	export_init(&export, export_find("aegis"));
	r = export_read(&export, input);
	REQUIRE(r == 0 || r == IMPORT_ERR_FILE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct target *target;

	read_messages((struct bytes){ data, size });
	for (size_t i = 0; (target = export_at(i)); i++)
		write_and_read(target, (struct bytes){ data, size });
	return 0;
}
