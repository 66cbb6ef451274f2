/*
 * Files of any application, read as what they look like: whatever is taken
 * passes the check. A password is given where trying one costs next to
 * nothing, so that what is behind it is read, too.
 *
 * Covers: rows, csv, number, login, keepass, keepassxc_csv, bitwarden_csv,
 * bitwarden, bitwarden_authenticator, xml, keepassxc_xml, authy, token,
 * freeotp, freeotp2, freeotp_plus, java, lastpass, duo, steam, raivo,
 * totp_authenticator, winauth, pass, pskc, xmlenc
 */
#include <string.h>

#include "client/formats/formats.h"
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct format *format_of(struct bytes file)
{
	const struct format *format = formats_detect(file);

	/* The one that nobody's file looks like. */
	if (!format && file.n > 0 && memchr(file.p, 0, file.n))
		return formats_find("pass");
	return format;
}

static struct bytes password_of(const struct format *format, struct bytes file)
{
	if (strcmp(format->name, "totp-authenticator") == 0)
		return text_of("Testtest1");
	if (strcmp(format->name, "pskc") == 0 &&
	    !text_contains(file, text_of("DerivedKey")))
		return text_of("12345678901234567890123456789012");
	return (struct bytes){ NULL, 0 };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_IMPORT struct import import;
	struct bytes file = { data, size };
	const struct format *format = format_of(file);
	struct fault fault;
	int r;

	import_init(&import);
	if (!format)
		return 0;
	import.password = password_of(format, file);
	r = format->read(file, &import);
	REQUIRE(r >= 0 && r <= IMPORT_ERR_WRONG);
	REQUIRE(r == 0 || r == IMPORT_ERR_PASSWORD || import.error);
	for (size_t i = 0; i < import.n; i++)
		REQUIRE(entry_check(&import.entries[i], &fault) == 0);
	return 0;
}
