#include "client/formats/csv.h"

#include <string.h>

#include "client/formats/encoded.h"
#include "client/formats/login.h"
#include "client/formats/names.h"
#include "client/formats/number.h"
#include "client/formats/rows.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

enum column {
	SECRET,
	URI,
	ACCOUNT,
	ISSUER,
	TYPE,
	ALGORITHM,
	DIGITS,
	PERIOD,
	COUNTER,
	NOTE,
	PIN,
	COLUMNS,
};

#define ALIASES 5

static const char *const aliases[COLUMNS][ALIASES] = {
	[SECRET] = { "secret", "key", "seed", "secret key" },
	[URI] = { "url", "uri", "otpauth", "otp", "totp" },
	[ACCOUNT] = { "account", "name", "label", "username", "user" },
	[ISSUER] = { "issuer", "service", "site", "title", "provider" },
	[TYPE] = { "type", "kind" },
	[ALGORITHM] = { "algorithm", "algo", "hash" },
	[DIGITS] = { "digits", "length" },
	[PERIOD] = { "period", "step", "interval", "timestep" },
	[COUNTER] = { "counter" },
	[NOTE] = { "note", "notes" },
	[PIN] = { "pin" },
};

static bool has(const struct rows *rows, enum column column)
{
	for (size_t i = 0; i < ALIASES && aliases[column][i]; i++)
		if (rows_has(rows, aliases[column][i]))
			return true;
	return false;
}

/* The first of these columns that has something in it. */
static struct bytes get(const struct rows *rows, enum column column)
{
	for (size_t i = 0; i < ALIASES && aliases[column][i]; i++) {
		struct bytes cell = rows_get(rows, aliases[column][i]);

		if (cell.n > 0)
			return cell;
	}
	return (struct bytes){ NULL, 0 };
}

/* The header must have a column for the key, and one that names it. */
bool csv_detect(struct bytes file)
{
	AUTO_ROWS struct rows rows;
	const uint8_t *end = file.n ? memchr(file.p, '\n', file.n) : NULL;

	if (end)
		file.n = (size_t)(end - file.p);
	if (file.n > IMPORT_LINE_MAX || !text_utf8(file))
		file.n = 0;
	return rows_init(&rows, file) == 0 && rows.n_names > 1 &&
	       (has(&rows, SECRET) || has(&rows, URI)) &&
	       (has(&rows, ACCOUNT) || has(&rows, ISSUER));
}

static int fill_columns(const struct rows *rows, struct entry *entry,
			struct fault *fault)
{
	struct bytes type = get(rows, TYPE);
	struct bytes algorithm = get(rows, ALGORITHM);
	struct bytes secret = get(rows, SECRET);

	if (type.n > 0)
		entry->type = names_type(type);
	if (algorithm.n > 0) {
		entry->algorithm = names_algorithm(algorithm);
		if (entry->algorithm == 0)
			entry->algorithm = UINT32_MAX;
	}
	number_take(get(rows, DIGITS), &entry->digits);
	number_take(get(rows, PERIOD), &entry->period);
	if (!number_counter(get(rows, COUNTER), &entry->counter)) {
		*fault = (struct fault){ "counter", "is not a number" };
		return ENTRY_ERR_INVALID;
	}
	if (entry->type == FOB__OTP_TYPE__MOTP)
		return encoded_hex(entry, secret, fault);
	return encoded_base32(entry, secret, fault);
}

static int fill(struct import *import, const struct rows *rows,
		struct entry *entry, struct fault *fault)
{
	struct login login = { get(rows, URI), get(rows, ISSUER),
			       get(rows, ACCOUNT) };
	int r;

	if (login.totp.n > 0)
		return login_fill(&login, import, rows->line, entry, fault);
	r = entry_set(entry, ENTRY_ISSUER, login.name, fault);
	if (r == 0)
		r = entry_set(entry, ENTRY_ACCOUNT, login.user, fault);
	return r ? r : fill_columns(rows, entry, fault);
}

static int read_row(struct import *import, const struct rows *rows)
{
	AUTO_ENTRY struct entry entry;
	struct fault fault = { "row", "is too long" };
	struct bytes pin = get(rows, PIN);
	int r;

	entry_init(&entry);
	if (rows->long_row)
		return import_skip(import, rows->line, fault,
				   (struct bytes){ NULL, 0 });
	r = fill(import, rows, &entry, &fault);
	if (r == 0 && pin.n > 0)
		r = entry_set(&entry, ENTRY_PIN, pin, &fault);
	if (r == 0)
		r = import_note(import, rows->line, &entry, get(rows, NOTE));
	entry_settle(&entry);
	return import_take(import, rows->line, &entry, r, fault);
}

int csv_read(struct bytes file, struct import *import)
{
	AUTO_ROWS struct rows rows;
	int r = rows_init(&rows, file);

	if (r == 0 && !has(&rows, SECRET) && !has(&rows, URI))
		return import_fail(import, "the table's first row names no "
					   "column \"secret\" or \"url\"");
	while (r == 0 && rows_next(&rows))
		r = read_row(import, &rows);
	return r;
}
