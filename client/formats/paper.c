#include "client/formats/paper.h"

#include <sodium.h>
#include <string.h>

#include "client/formats/uri.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

#define GROUP 4 /* letters that stand together */

int paper_code(const struct entry *entry, struct code *ret)
{
	char uri[URI_MAX];
	size_t n = 0;
	int r;

	if (uri_write(entry, uri, sizeof(uri), &n) != 0)
		REQUIRE(false); /* URI_MAX is enough for any entry */
	r = code_make(ret, (struct bytes){ (const uint8_t *)uri, n });
	sodium_memzero(uri, sizeof(uri));
	REQUIRE(r <= 0);
	return r;
}

bool paper_carries(const struct entry *entry, struct fault *ret_fault)
{
	char uri[URI_MAX];
	size_t n = 0;

	if (uri_write(entry, uri, sizeof(uri), &n) != 0)
		REQUIRE(false);
	sodium_memzero(uri, sizeof(uri));
	if (n <= CODE_TEXT_MAX)
		return true;
	*ret_fault = (struct fault){ "it", "is too long for a QR code" };
	return false;
}

void paper_secret(struct document *document, const struct entry *entry)
{
	struct bytes secret = { entry->secret, entry->secret_n };
	char text[TEXT_HEX_SIZE(SECRET_MAX)];
	size_t n;

	if (entry->type == FOB__OTP_TYPE__MOTP)
		text_hex_encode(text, sizeof(text), secret);
	else
		text_base32_encode(text, sizeof(text), secret);
	n = strlen(text);
	for (size_t i = 0; i < n; i += GROUP) {
		if (i > 0)
			document_put(document, " ");
		document_add(document,
			     (struct bytes){ (const uint8_t *)text + i,
					     size_min(GROUP, n - i) });
	}
	sodium_memzero(text, sizeof(text));
}

void paper_facts(struct document *document, const struct entry *entry)
{
	const char *pin = entry_get(entry, ENTRY_PIN);

	document_put(document, export_type(entry));
	document_put(document, ", ");
	document_put(document, export_algorithm(entry));
	document_put(document, ", ");
	document_number(document, entry->digits);
	document_put(document,
		     entry->type == FOB__OTP_TYPE__STEAM ||
				     entry->type == FOB__OTP_TYPE__YANDEX ?
			     " letters" :
			     " digits");
	if (entry->type == FOB__OTP_TYPE__HOTP) {
		document_put(document, ", next counter ");
		document_number(document, entry->counter);
	} else {
		document_put(document, ", every ");
		document_number(document, entry->period);
		document_put(document, " s");
	}
	if (*pin) {
		document_put(document, ", PIN ");
		document_put(document, pin);
	}
}
