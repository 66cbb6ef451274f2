#include "client/print.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/report.h"
#include "proto/text.h"

bool print_terminal(const struct fob *fob)
{
	return !fob->json && isatty(STDOUT_FILENO);
}

bool print_colour(const struct fob *fob)
{
	const char *none = getenv("NO_COLOR");

	return !fob->no_color && !(none && none[0]) && print_terminal(fob);
}

static void print_escaped(FILE *out, struct bytes text)
{
	char small[1024];
	char *big AUTO_FREE = NULL;
	size_t n = text_escape(small, sizeof(small), text);

	if (n < sizeof(small)) {
		fputs(small, out);
		sodium_memzero(small, n);
		return;
	}
	big = malloc(n + 1);
	if (!big)
		return;
	text_escape(big, n + 1, text);
	fputs(big, out);
	sodium_memzero(big, n);
}

void print_bytes(FILE *out, struct bytes text)
{
	if (isatty(fileno(out)))
		print_escaped(out, text);
	else if (text.n > 0)
		fwrite(text.p, 1, text.n, out);
}

void print_text(FILE *out, const char *text)
{
	print_bytes(out, text_of(text));
}

void print_pair(const char *name, const char *value)
{
	print_text(stdout, name);
	fputs(": ", stdout);
	print_text(stdout, value);
	putchar('\n');
}

void print_joined(char *ret, size_t size, char *const *texts, size_t n)
{
	size_t i, at = 0;

	ret[0] = '\0';
	for (i = 0; i < n && at < size; i++) {
		int more = snprintf(ret + at, size - at, "%s%s", i ? " " : "",
				    texts[i]);

		at += more > 0 ? (size_t)more : 0;
	}
}

void print_hex(FILE *out, struct bytes b)
{
	size_t i;

	for (i = 0; i < b.n; i++)
		fprintf(out, "%02x", b.p[i]);
}

static int not_written(struct fob *fob, int error)
{
	/* The output is what failed: it is of no use to say it there. */
	fob->json = false;
	return fail(fob, STATUS_FAILED, "cannot write the answer: %s",
		    strerror(error));
}

int print_json(struct fob *fob, struct json *json)
{
	int r = json_print(json, stdout);

	return r == 0 ? STATUS_OK : not_written(fob, -r);
}

int print_done(struct fob *fob)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return STATUS_OK;
	return not_written(fob, errno ? errno : EIO);
}

void print_time(char ret[static PRINT_TIME_SIZE], uint64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	long zone;
	size_t n;

	if (ms == 0 || !localtime_r(&seconds, &tm)) {
		memcpy(ret, "-", 2);
		return;
	}
	zone = tm.tm_gmtoff / 60;
	n = strftime(ret, PRINT_TIME_SIZE, "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(ret + n, PRINT_TIME_SIZE - n, " %c%02ld:%02ld",
		 zone < 0 ? '-' : '+', labs(zone) / 60, labs(zone) % 60);
}

struct range {
	uint32_t first, last;
};

/* East Asian wide and fullwidth characters, and pictures (UAX #11). */
static const struct range wide[] = {
	{ 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0xa4cf },
	{ 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },
	{ 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f },
	{ 0x1f680, 0x1f6ff }, { 0x1f900, 0x1faff }, { 0x20000, 0x3fffd },
};

/* Marks that sit on the character before them, and joiners. */
static const struct range narrow[] = {
	{ 0x0300, 0x036f }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff },
	{ 0x200b, 0x200d }, { 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f },
	{ 0xfe20, 0xfe2f },
};

static bool in_ranges(const struct range *ranges, size_t n, uint32_t c)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* The character at *text, which is UTF-8, and past it. */
static uint32_t next_character(const char **text)
{
	uint8_t c = (uint8_t) * (*text)++;
	uint32_t value = c;

	if (c < 0xc0)
		return value;
	value = c & (c < 0xe0 ? 0x1fu : c < 0xf0 ? 0x0fu : 0x07u);
	while (((uint8_t) * *text & 0xc0) == 0x80)
		value = value << 6 | ((uint8_t) * (*text)++ & 0x3fu);
	return value;
}

size_t print_width(const char *text)
{
	size_t width = 0;

	while (*text) {
		uint32_t c = next_character(&text);

		if (in_ranges(narrow, ARRAY_SIZE(narrow), c))
			continue;
		width += in_ranges(wide, ARRAY_SIZE(wide), c) ? 2 : 1;
	}
	return width;
}

void table_init(struct table *table, size_t columns)
{
	REQUIRE(columns > 0 && columns <= TABLE_COLUMNS_MAX);
	*table = (struct table){ .columns = columns };
}

void table_deinit(struct table *table)
{
	size_t i;

	for (i = 0; i < table->n; i++) {
		sodium_memzero(table->cells[i], strlen(table->cells[i]));
		free(table->cells[i]);
	}
	free(table->cells);
	*table = (struct table){ 0 };
}

static bool table_grow(struct table *table)
{
	size_t capacity = 2 * table->capacity + 64;
	char **cells;

	if (table->n < table->capacity)
		return true;
	cells = realloc(table->cells, capacity * sizeof(*cells));
	if (!cells)
		return false;
	table->cells = cells;
	table->capacity = capacity;
	return true;
}

void table_add(struct table *table, const char *text)
{
	size_t n = text_escape(NULL, 0, text_of(text));
	char *cell;

	if (table->failed)
		return;
	cell = malloc(n + 1);
	if (!cell || !table_grow(table)) {
		free(cell);
		table->failed = true;
		return;
	}
	text_escape(cell, n + 1, text_of(text));
	table->cells[table->n++] = cell;
}

static void print_row(char *const *cells, const size_t *widths, size_t n)
{
	size_t i, pad;

	for (i = 0; i < n; i++) {
		fputs(cells[i], stdout);
		if (i + 1 == n)
			break;
		for (pad = print_width(cells[i]); pad < widths[i] + 2; pad++)
			putchar(' ');
	}
}

void table_print(const struct fob *fob, const struct table *table)
{
	size_t widths[TABLE_COLUMNS_MAX] = { 0 };
	bool colour = print_colour(fob);
	size_t i;

	for (i = 0; i < table->n; i++) {
		size_t *width = &widths[i % table->columns];

		*width = size_max(*width, print_width(table->cells[i]));
	}
	for (i = 0; i + table->columns <= table->n; i += table->columns) {
		if (i == 0 && colour)
			fputs("\033[1m", stdout);
		print_row(table->cells + i, widths, table->columns);
		if (i == 0 && colour)
			fputs("\033[0m", stdout);
		putchar('\n');
	}
}
