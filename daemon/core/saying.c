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

/* The Gregorian date of a day, counted in eras of 400 years from March. */
void saying_date(struct saying *saying, uint64_t ms)
{
	uint64_t day = size_min(ms, STAMP_MAX) / (uint64_t)DAY_MS + 719468;
	uint64_t era = day / 146097, of_era = day % 146097;
	uint64_t year =
		(of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) /
		365;
	uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	uint64_t month = (5 * of_year + 2) / 153;
	uint64_t date = of_year - (153 * month + 2) / 5 + 1;

	/* January and February end the year that began in March. */
	month = month < 10 ? month + 3 : month - 9;
	saying_number(saying, era * 400 + year + (month <= 2));
	saying_add(saying, month < 10 ? "-0" : "-");
	saying_number(saying, month);
	saying_add(saying, date < 10 ? "-0" : "-");
	saying_number(saying, date);
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
