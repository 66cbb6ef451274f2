/*
 * What is written for other applications, read again by our own readers:
 * random entries come back equal, but for what was announced.
 *
 * Covers: export, export_lost, export_value, export_read, document, crypt_seal,
 * list_write, aegis_write, twofas_write, bitwarden_write, ente_write,
 * stratum_write, proton_write, freeotp_plus_write, keepassxc_write
 */
#include "tests/unit/formats.h"

#include "client/formats/export.h"
#include "client/formats/message.h"
#include "proto/frame.h"

#define ENTRIES 60
#define SEEDS 20
#define PASSWORD "a pass\"word"

/* --- random entries, the same in each run ---------------------------------------- */

static uint32_t state;

static uint32_t pick(uint32_t below)
{
	state = state * 1664525u + 1013904223u;
	return (state >> 8) % below;
}

static void set(struct entry *entry, enum entry_text which, const char *text)
{
	struct fault fault;

	assert_int_equal(entry_set(entry, which, text_of(text), &fault), 0);
}

static void pick_names(struct entry *entry, size_t i)
{
	static const char *const issuers[] = { "GitHub", "\xc3\x85land & Co",
					       "a \"b\" \\c", "<x>%41+1",
					       "Steam" };
	static const char *const accounts[] = { "me@example.com", "",
						"semi;colon,comma", "x=1&y=2#z",
						"a: b/c" };
	char account[64];
	const char *issuer = issuers[pick(ARRAY_SIZE(issuers))];

	snprintf(account, sizeof(account), "%s%zu",
		 accounts[pick(ARRAY_SIZE(accounts))], i);
	set(entry, ENTRY_ISSUER, issuer);
	set(entry, ENTRY_ACCOUNT, pick(8) == 0 ? "" : account);
}

static void pick_numbers(struct entry *entry)
{
	static const uint32_t periods[] = { 30, 30, 60, 15, 86400 };

	entry->type = 1 + pick(5);
	entry->algorithm = 1 + pick(3);
	entry->digits = pick(2) ? 6 : 4 + pick(7);
	entry->period = periods[pick(ARRAY_SIZE(periods))];
	entry->counter = pick(1000000);
	entry_settle(entry);
}

static void pick_secret(struct entry *entry, size_t i)
{
	uint8_t secret[64];
	struct fault fault;
	size_t n = 16 + pick(49);

	for (size_t k = 0; k < n; k++)
		secret[k] = (uint8_t)pick(256);
	secret[0] = (uint8_t)i; /* no two are the same */
	assert_int_equal(entry_set_secret(entry, (struct bytes){ secret, n },
					  &fault),
			 0);
}

static void pick_rest(struct entry *entry)
{
	static const char *const tags[] = { "web", "work & \"home\"", "<b>" };
	struct fault fault;

	for (size_t i = 0; i < ARRAY_SIZE(tags); i++)
		if (pick(3) == 0)
			assert_int_equal(entry_add_tag(entry, text_of(tags[i]),
						       &fault),
					 0);
	if (pick(2) == 0)
		set(entry, ENTRY_NOTE, "two\nlines, \"quoted\", <&>");
	if (pick(3) == 0)
		set(entry, ENTRY_ICON, pick(4) ? "git \"hub\"" : "@1a2b");
	if (entry->type == FOB__OTP_TYPE__MOTP ||
	    entry->type == FOB__OTP_TYPE__YANDEX)
		set(entry, ENTRY_PIN, "1234");
	entry->favourite = pick(3) == 0;
}

static void pick_entry(struct entry *entry, size_t i)
{
	entry_init(entry);
	pick_numbers(entry);
	pick_names(entry, i);
	pick_secret(entry, i);
	pick_rest(entry);
}

/* --- there and back ---------------------------------------------------------------- */

static bool warned(const struct export *export, uint64_t position,
		   const char *what)
{
	const struct import_reports *warnings = &export->import.warnings;

	for (size_t i = 0; i < warnings->n; i++)
		if (warnings->list[i].position == position &&
		    strcmp(warnings->list[i].text, what) == 0)
			return true;
	return false;
}

/* The entry without what was said to get lost. */
static void reduce(const struct export *export, size_t i,
		   char want[static LINE])
{
	struct entry entry = export->import.entries[i]; /* owns nothing */
	uint64_t position = export->import.positions[i];
	char steam[] = "Steam";

	if (warned(export, position, "without its tags"))
		entry.n_tags = 0;
	if (warned(export, position, "with the first of its tags only"))
		entry.n_tags = 1;
	if (warned(export, position, "without its note"))
		entry.texts[ENTRY_NOTE] = NULL;
	if (warned(export, position, "without its icon"))
		entry.texts[ENTRY_ICON] = NULL;
	if (warned(export, position, "without its PIN"))
		entry.texts[ENTRY_PIN] = NULL;
	if (warned(export, position, "without its issuer"))
		entry.texts[ENTRY_ISSUER] = steam;
	if (warned(export, position, "without the mark of a favourite"))
		entry.favourite = false;
	describe(&entry, want);
}

/* By the line, since formats may put them in another order. */
static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void expect_all(const struct export *export, const struct import *got)
{
	static char want[ENTRIES][LINE], have[ENTRIES][LINE];

	assert_int_equal(got->skipped.n, 0);
	assert_int_equal(got->n, export->import.n);
	for (size_t i = 0; i < got->n; i++) {
		reduce(export, i, want[i]);
		describe(&got->entries[i], have[i]);
	}
	qsort(want, got->n, LINE, compare);
	qsort(have, got->n, LINE, compare);
	for (size_t i = 0; i < got->n; i++)
		assert_string_equal(have[i], want[i]);
}

static uint32_t seed = 42;

static void fill(struct export *export, const char *name, const char *password)
{
	state = seed;
	export_init(export, export_find(name));
	assert_non_null(export->target);
	if (password)
		export->password = text_of(password);
	for (size_t i = 0; i < ENTRIES; i++) {
		AUTO_ENTRY struct entry entry;

		pick_entry(&entry, i);
		assert_int_equal(export_add(export, i + 1, &entry), 0);
	}
	assert_int_equal(export->import.n + export->import.skipped.n, ENTRIES);
}

/* Pages and pictures are read by a camera alone. */
static bool printed(const struct target *target)
{
	return !formats_find(target->name);
}

/* What was said to get lost was there. */
static bool has(const struct entry *entry, const char *what)
{
	if (strcmp(what, "without its tags") == 0)
		return entry->n_tags > 0;
	if (strcmp(what, "with the first of its tags only") == 0)
		return entry->n_tags > 1;
	if (strcmp(what, "without its note") == 0)
		return entry->texts[ENTRY_NOTE];
	if (strcmp(what, "without its PIN") == 0)
		return entry->texts[ENTRY_PIN];
	if (strcmp(what, "without its icon") == 0)
		return entry->texts[ENTRY_ICON];
	if (strncmp(what, "its period: older", 17) == 0)
		return entry->period > 60;
	if (strcmp(what, "without its issuer") == 0)
		return strcmp(entry_get(entry, ENTRY_ISSUER), "Steam") != 0;
	return strcmp(what, "without the mark of a favourite") == 0 &&
	       entry->favourite;
}

static const struct entry *at_position(const struct import *import,
				       uint64_t position)
{
	for (size_t i = 0; i < import->n; i++)
		if (import->positions[i] == position)
			return &import->entries[i];
	return NULL;
}

static void expect_real_losses(const struct export *export)
{
	const struct import_reports *warnings = &export->import.warnings;

	for (size_t i = 0; i < warnings->n; i++) {
		const struct entry *entry = at_position(
			&export->import, warnings->list[i].position);

		assert_non_null(entry);
		assert_true(has(entry, warnings->list[i].text));
	}
}

static void round_trip(const struct target *target, const char *password)
{
	AUTO_DOCUMENT struct document file = { 0 };
	AUTO_EXPORT struct export export;
	AUTO_IMPORT struct import import;

	fill(&export, target->name, password);
	assert_true(export.import.n >= 4);
	expect_real_losses(&export);
	assert_int_equal(export_write(&export, &file), 0);
	read_whole(target->name, document_bytes(&file), password, &import);
	expect_all(&export, &import);
	if (!password)
		return;
	refused(target->name, document_bytes(&file), "another",
		IMPORT_ERR_WRONG);
	for (size_t i = 0; i + 32 < file.n; i++)
		assert_memory_not_equal(file.p + i,
					export.import.entries[0].secret, 16);
}

static void plain(void **unused)
{
	const struct target *target;

	(void)unused;
	for (size_t i = 0; (target = export_at(i)); i++)
		if (target->plain && strcmp(target->name, "ente") != 0 &&
		    !printed(target))
			round_trip(target, NULL);
}

/* The same with other entries; FOB_SEED begins elsewhere. */
static void plain_again(void **unused)
{
	const char *from = getenv("FOB_SEED");

	(void)unused;
	seed = from ? (uint32_t)strtoul(from, NULL, 10) : 100;
	for (size_t i = 0; i < SEEDS; i++, seed++)
		plain(NULL);
	seed = 42;
}

/* Lines of URIs are nobody's in particular; only codeDisplay is Ente's. */
static void plain_ente(void **unused)
{
	AUTO_DOCUMENT struct document file = { 0 };
	AUTO_EXPORT struct export export;
	AUTO_IMPORT struct import import;

	(void)unused;
	fill(&export, "ente", NULL);
	assert_int_equal(export_write(&export, &file), 0);
	read_whole("uri", document_bytes(&file), NULL, &import);
	expect_all(&export, &import);
}

static void sealed(void **unused)
{
	const struct target *target;

	(void)unused;
	for (size_t i = 0; (target = export_at(i)); i++)
		if (target->sealed)
			round_trip(target, PASSWORD);
}

/* Two files of one password and content share no bytes worth the name. */
static void fresh_each_time(void **unused)
{
	AUTO_DOCUMENT struct document a = { 0 }, b = { 0 };
	AUTO_EXPORT struct export export;

	(void)unused;
	fill(&export, "proton", PASSWORD);
	assert_int_equal(export_write(&export, &a), 0);
	assert_int_equal(export_write(&export, &b), 0);
	assert_int_equal(a.n, b.n);
	assert_memory_not_equal(a.p + 32, b.p + 32, a.n - 64);
}

/* --- what is announced --------------------------------------------------------------- */

static void left_out(const char *format, uint32_t type, const char *why)
{
	AUTO_EXPORT struct export export;
	AUTO_ENTRY struct entry entry;

	export_init(&export, export_find(format));
	pick_entry(&entry, 1);
	entry.type = type;
	entry.digits = 9;
	entry.period = 60;
	entry.algorithm = FOB__ALGORITHM__SHA1;
	entry_settle(&entry);
	set(&entry, ENTRY_ISSUER, "Bank");
	assert_int_equal(export_add(&export, 7, &entry), 0);
	assert_int_equal(export.import.n, 0);
	expect_skip(&export.import, 0, 7, why);
	assert_string_equal(export.import.skipped.list[0].name, "Bank");
}

static void losses(void **unused)
{
	(void)unused;
	left_out("proton", FOB__OTP_TYPE__HOTP,
		 "this kind of code has no place in the format");
	left_out("google", FOB__OTP_TYPE__STEAM,
		 "this kind of code has no place in the format");
	left_out("freeotp-plus", FOB__OTP_TYPE__TOTP,
		 "so many digits have no place in the format");
	left_out("stratum", FOB__OTP_TYPE__HOTP, "digits must be 6 to 8");
}

/* --- messages --------------------------------------------------------------------------- */

static void add_frame(struct buffer *frames, const Fob__NewEntry *entry)
{
	uint8_t frame[FRAME_HEADER + 4096];
	size_t n = fob__new_entry__get_packed_size(entry);

	assert_true(n <= 4096);
	frame_header(frame, n);
	fob__new_entry__pack(entry, frame + FRAME_HEADER);
	append(frames, (struct bytes){ frame, FRAME_HEADER + n });
}

static void messages(void **unused)
{
	AUTO_BUFFER struct buffer frames = { 0 };
	AUTO_EXPORT struct export export, broken;
	AUTO_ENTRY struct entry entry;
	struct message message;
	Fob__NewEntry none = FOB__NEW_ENTRY__INIT;
	char want[LINE], got[LINE], site[] = "a site";

	(void)unused;
	state = 7;
	none.issuer = site;
	pick_entry(&entry, 3);
	message_fill(&message, &entry);
	add_frame(&frames, &message.entry);
	add_frame(&frames, &none);
	export_init(&export, export_find("aegis"));
	assert_int_equal(export_read(&export, buffer_bytes(&frames)), 0);
	assert_int_equal(export.import.n, 1);
	describe(&entry, want);
	describe(&export.import.entries[0], got);
	assert_string_equal(got, want);
	expect_skip(&export.import, 0, 2, "it makes no codes");
	export_init(&broken, export_find("aegis"));
	frames.n--;
	assert_int_equal(export_read(&broken, buffer_bytes(&frames)),
			 IMPORT_ERR_FILE);
}

static void names(void **unused)
{
	(void)unused;
	assert_null(export_find("docx"));
	assert_string_equal(export_at(0)->name, "uri");
	for (size_t i = 0; export_at(i); i++)
		assert_true(formats_find(export_at(i)->name) ||
			    printed(export_at(i)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(plain_again),
		cmocka_unit_test(plain_ente),
		cmocka_unit_test(sealed),
		cmocka_unit_test(fresh_each_time),
		cmocka_unit_test(losses),
		cmocka_unit_test(messages),
		cmocka_unit_test(names),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
