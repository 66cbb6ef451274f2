#include "daemon/core/saying.h"

#include <string.h>

#include "proto/text.h"

void saying_add(struct saying *saying, const char *part)
{
	size_t room = sizeof(saying->text) - 1 - saying->n;
	size_t n = strlen(part);

	if (n > room) {
		n = room;
		/* No half characters: those go on with 10xxxxxx. */
		while (n > 0 && ((uint8_t)part[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(saying->text + saying->n, part, n);
	saying->n += n;
	saying->text[saying->n] = '\0';
}

void saying_number(struct saying *saying, uint64_t number)
{
	char digits[21];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	saying_add(saying, digits + at);
}

void saying_name(struct saying *saying, const struct vault_entry *entry)
{
	char id[TEXT_HEX_SIZE(4)];

	saying_add(saying, entry->issuer);
	if (entry->issuer[0] && entry->account[0])
		saying_add(saying, "/");
	saying_add(saying, entry->account);
	if (entry->issuer[0] || entry->account[0])
		return;
	text_hex_encode(id, sizeof(id), (struct bytes){ entry->id, 4 });
	saying_add(saying, id);
}
