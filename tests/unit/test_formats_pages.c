/*
 * What is printed: QR codes, and the pages and pictures that they stand on.
 * That their codes can be read is for tests/e2e/export.sh to see, which has a
 * camera.
 *
 * Covers: code, paper, latin, pdf, html_write, pdf_write, png_write
 */
#include "tests/unit/formats.h"

#include "client/formats/export.h"
#include "client/formats/latin.h"
#include "client/formats/paper.h"

static void set(struct entry *entry, enum entry_text which, const char *text)
{
	struct fault fault;

	assert_int_equal(entry_set(entry, which, text_of(text), &fault), 0);
}

static void make(struct entry *entry, const char *issuer, const char *account,
		 size_t secret_n)
{
	uint8_t secret[SECRET_MAX];
	struct fault fault;

	memset(secret, 'x', sizeof(secret));
	entry_init(entry);
	set(entry, ENTRY_ISSUER, issuer);
	set(entry, ENTRY_ACCOUNT, account);
	assert_int_equal(entry_set_secret(entry,
					  (struct bytes){ secret, secret_n },
					  &fault),
			 0);
	entry_settle(entry);
}

static void add(struct export *export, const char *issuer, const char *account,
		size_t secret_n)
{
	AUTO_ENTRY struct entry entry;

	make(&entry, issuer, account, secret_n);
	assert_int_equal(export_add(export, export->import.n + 1, &entry), 0);
}

static void begin(struct export *export, const char *format)
{
	export_init(export, export_find(format));
	assert_non_null(export->target);
	snprintf(export->date, sizeof(export->date), "2030-01-02");
}

/* The document as a string. */
static const char *written(struct export *export, struct document *document)
{
	assert_int_equal(export_write(export, document), 0);
	document_add(document, (struct bytes){ (const uint8_t *)"", 1 });
	assert_false(document->failed);
	document->n--;
	return (const char *)document->p;
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

/* Section 7.3.3.2.1 of ISO/IEC 18004: three squares in the corners. */
static void codes(void **unused)
{
	AUTO_CODE struct code code = { 0 }, none = { 0 };
	static uint8_t text[CODE_TEXT_MAX + 1];

	(void)unused;
	assert_int_equal(code_make(&code, text_of("otpauth://")), 0);
	assert_int_equal(code.width, 21);
	for (size_t i = 0; i < 7; i++) {
		assert_true(code_dark(&code, 0, i));
		assert_true(code_dark(&code, 20, i));
		assert_true(code_dark(&code, i, 20));
		assert_false(code_dark(&code, 7, i));
	}
	assert_false(code_dark(&code, 0, 21));
	assert_false(code_dark(&code, (size_t)-1, 0));
	code_free(&code);
	assert_int_equal(code_make(&none, (struct bytes){ text, sizeof(text) }),
			 CODE_ERR_LONG);
	assert_int_equal(code_make(&none, (struct bytes){ text, 0 }),
			 CODE_ERR_LONG);
	assert_int_equal(
		code_make(&code, (struct bytes){ text, CODE_TEXT_MAX }), 0);
	assert_int_equal(code.width, 177);
}

static void latin(void **unused)
{
	AUTO_DOCUMENT struct document document = { 0 };
	static const char wide[] = "\xc3\xa5\xc2\xa0 \xc4\x81\xe4\xb8\xad"
				   "\xf0\x9f\x98\x80z";

	(void)unused;
	latin_put(&document, text_of(wide));
	assert_int_equal(document.n, 7);
	assert_memory_equal(document.p, "\xe5\xa0 ???z", 7);
	assert_true(latin_holds(text_of("a?\xc3\xbf\xc2\xa1")));
	assert_false(latin_holds(text_of("a\xc4\x80")));
	assert_false(latin_holds(text_of("\xe2\x82\xac")));
}

static void words(void **unused)
{
	AUTO_DOCUMENT struct document document = { 0 };
	AUTO_ENTRY struct entry entry;

	(void)unused;
	make(&entry, "a", "b", 10);
	paper_secret(&document, &entry);
	document_put(&document, "; ");
	paper_facts(&document, &entry);
	entry.type = FOB__OTP_TYPE__MOTP;
	set(&entry, ENTRY_PIN, "1234");
	entry_settle(&entry);
	document_put(&document, "\n");
	paper_secret(&document, &entry);
	document_put(&document, "; ");
	paper_facts(&document, &entry);
	document_add(&document, (struct bytes){ (const uint8_t *)"", 1 });
	assert_string_equal(document.p,
			    "PB4H Q6DY PB4H Q6DY; totp, SHA1, 6 digits, "
			    "every 30 s\n7878 7878 7878 7878 7878; motp, MD5, "
			    "6 digits, every 10 s, PIN 1234");
}

static void html(void **unused)
{
	AUTO_DOCUMENT struct document document = { 0 };
	AUTO_EXPORT struct export export;
	const char *text;

	(void)unused;
	begin(&export, "html");
	for (size_t i = 0; i < 11; i++)
		add(&export, "<script>\"&", "me@example.com", 20);
	text = written(&export, &document);
	assert_int_equal(count(text, "<svg "), 11);
	assert_int_equal(count(text, "<section>"), 3);
	assert_int_equal(count(text, "</section>"), 3);
	assert_int_equal(count(text, "<span>3/3</span>"), 1);
	assert_int_equal(count(text, "printed from fob, 2030-01-02"), 3);
	assert_int_equal(count(text, "<script>"), 0);
	assert_int_equal(count(text, "<h2>&lt;script&gt;&quot;&amp;</h2>"), 11);
	/* Nothing is fetched. */
	assert_int_equal(count(text, "http:"), 0);
	assert_int_equal(count(text, "src="), 0);
}

/* Each line of the table leads to the object of its number. */
static void check_table(const char *text, size_t n)
{
	const char *start = strstr(text, "startxref\n");
	const char *line;
	unsigned long objects;
	char want[32];

	assert_non_null(start);
	line = text + strtoul(start + strlen("startxref\n"), NULL, 10);
	assert_true(line < text + n);
	assert_memory_equal(line, "xref\n0 ", 7);
	objects = strtoul(line + 7, NULL, 10);
	line = strchr(line + 7, '\n') + 1;
	for (unsigned long i = 1; i < objects; i++) {
		unsigned long at = strtoul(line + 20 * i, NULL, 10);

		snprintf(want, sizeof(want), "%lu 0 obj\n", i);
		assert_true(at < n);
		assert_memory_equal(text + at, want, strlen(want));
	}
	assert_memory_equal(line + 20 * objects, "trailer", 7);
}

static void pdf(void **unused)
{
	AUTO_DOCUMENT struct document document = { 0 };
	AUTO_EXPORT struct export export;
	const char *text;

	(void)unused;
	begin(&export, "pdf");
	for (size_t i = 0; i < 11; i++)
		add(&export, "a(b)\\c", "\xc3\xa5\xe4\xb8\xad", 20);
	assert_int_equal(export.import.warnings.n, 11);
	text = written(&export, &document);
	check_table(text, document.n);
	assert_int_equal(count(text, "/Type /Page "), 3);
	assert_int_equal(count(text, "(3/3)"), 1);
	assert_int_equal(count(text, "(a\\(b\\)\\\\c) Tj"), 11);
	assert_int_equal(count(text, "(\\345?) Tj"), 11);
	assert_int_equal(count(text, "> EI"), 11);
}

/* The longest names and secret take several lines, and more of the page. */
static void long_names(void **unused)
{
	AUTO_DOCUMENT struct document document = { 0 };
	AUTO_EXPORT struct export export;
	char name[TEXT_MAX + 1];
	const char *text;

	(void)unused;
	begin(&export, "pdf");
	memset(name, 'w', TEXT_MAX);
	name[TEXT_MAX] = '\0';
	for (size_t i = 0; i < 4; i++)
		add(&export, name, name, SECRET_MAX);
	text = written(&export, &document);
	check_table(text, document.n);
	assert_int_equal(count(text, "/Type /Page "), 2);
	memset(name, '<', TEXT_MAX);
	add(&export, name, name, SECRET_MAX);
	assert_int_equal(export.import.n, 5);
}

static void too_long(void **unused)
{
	AUTO_EXPORT struct export export;
	AUTO_ENTRY struct entry entry;
	char name[TEXT_MAX + 1];

	(void)unused;
	begin(&export, "png");
	memset(name, '<', TEXT_MAX);
	name[TEXT_MAX] = '\0';
	make(&entry, name, name, SECRET_MAX);
	entry.type = FOB__OTP_TYPE__YANDEX;
	name[PIN_MAX] = '\0';
	set(&entry, ENTRY_PIN, name);
	entry_settle(&entry);
	assert_int_equal(export_add(&export, 1, &entry), 0);
	assert_int_equal(export.import.n + export.import.skipped.n, 1);
	if (export.import.skipped.n == 1)
		assert_non_null(
			strstr(export.import.skipped.list[0].text, "QR code"));
}

static void png(void **unused)
{
	AUTO_EXPORT struct export export;
	static const uint8_t start[] = "\x89PNG\r\n\x1a\n";
	static const uint8_t side[] = { 0, 0, 1, 0x88 };

	(void)unused;
	begin(&export, "png");
	add(&export, "a", "b", 10);
	add(&export, "c", "d", 20);
	for (; export.only < 2; export.only++) {
		AUTO_DOCUMENT struct document document = { 0 };

		assert_int_equal(export_write(&export, &document), 0);
		assert_memory_equal(document.p, start, 8);
		/* IHDR: 41 modules and 2 * 4 light ones, 8 pixels each. */
		assert_memory_equal(document.p + 16, side, 4);
		assert_memory_equal(document.p + 20, side, 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes),    cmocka_unit_test(latin),
		cmocka_unit_test(words),    cmocka_unit_test(html),
		cmocka_unit_test(pdf),	    cmocka_unit_test(long_names),
		cmocka_unit_test(too_long), cmocka_unit_test(png),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
