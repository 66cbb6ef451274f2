/*
 * Tables and what password managers keep: Bitwarden's, KeePass's in all
 * dialects, tables with any columns; rows as they are quoted.
 *
 * Covers: rows, csv, number, login, keepass, keepassxc_csv, bitwarden_csv
 */
#include "client/formats/number.h"
#include "client/formats/rows.h"
#include "tests/unit/formats.h"

static void expect_cell(const struct rows *rows, const char *name,
			const char *want)
{
	struct bytes cell = rows_get(rows, name);

	assert_non_null(cell.p);
	assert_int_equal(cell.n, strlen(want));
	assert_memory_equal(cell.p, want, cell.n);
}

static void test_rows(void **state UNUSED)
{
	AUTO_ROWS struct rows rows;

	assert_int_equal(
		rows_init(&rows,
			  TEXT("\xef\xbb\xbf\"Na\"\"me\",b,C\r\n"
			       "1,\"two\nlines, and \"\"quotes\"\"\",3\r\n"
			       "\r\n"
			       "only\n"
			       "a,b,c,d,\n"
			       ",,\"unclosed\n")),
		0);
	assert_true(rows_has(&rows, "na\"me"));
	assert_false(rows_has(&rows, "d"));
	assert_true(rows_next(&rows));
	assert_int_equal(rows.line, 2);
	expect_cell(&rows, "na\"me", "1");
	expect_cell(&rows, "B", "two\nlines, and \"quotes\"");
	expect_cell(&rows, "c", "3");
	assert_true(rows_next(&rows));
	assert_int_equal(rows.line, 5);
	assert_int_equal(rows.n, 1);
	assert_null(rows_get(&rows, "b").p);
	assert_true(rows_next(&rows));
	assert_int_equal(rows.n, 5);
	assert_true(rows_next(&rows));
	expect_cell(&rows, "c", "unclosed\n");
	assert_false(rows_next(&rows));
}

static void test_long_rows(void **state UNUSED)
{
	AUTO_TEXT struct text text = { 0 };
	AUTO_ROWS struct rows rows;

	put(&text, "a,b\n");
	for (size_t i = 0; i < ROWS_COLUMNS_MAX; i++)
		put(&text, ",");
	put(&text, "\n%070000d\nx,y", 1);
	assert_int_equal(rows_init(&rows, text_bytes(&text)), 0);
	assert_true(rows_next(&rows));
	assert_true(rows.long_row);
	assert_true(rows_next(&rows));
	assert_true(rows.long_row);
	assert_int_equal(rows.n, 0);
	assert_true(rows_next(&rows));
	assert_false(rows.long_row);
	expect_cell(&rows, "b", "y");
}

static void test_numbers(void **state UNUSED)
{
	uint64_t v = 7;
	uint32_t field = 6;

	assert_true(number_read(TEXT("18446744073709551615"), &v));
	assert_int_equal(v, UINT64_MAX);
	assert_false(number_read(TEXT("18446744073709551616"), &v));
	assert_false(number_read(TEXT("-1"), &v));
	assert_false(number_read(TEXT(""), &v));
	number_take(TEXT(""), &field);
	assert_int_equal(field, 6);
	number_take(TEXT("8"), &field);
	assert_int_equal(field, 8);
	number_take(TEXT("0"), &field);
	assert_int_equal(field, UINT32_MAX);
	number_take(TEXT("4294967296"), &field);
	assert_int_equal(field, UINT32_MAX);
}

static const char table[] =
	"name,secret,issuer,type,counter,url,algo,digits,period,note,pin\n"
	"me,MFRGG,Site,totp,,,SHA256,8,60,\"a note\",\n"
	"you,mfr gg,Count,hotp,9,,,,,,\n"
	"x,,,,,otpauth://totp/I:a?secret=MFRGG&digits=7,,,,,\n"
	"m,e3152afee62599c8,M,motp,,,,,,,1234\n"
	"bad,MFRG1,,,,,,,,,\n"
	"bad,MFRGG,,totp,x,,,,,,\n"
	"bad,MFRGG,,other,,,,,,,\n"
	"bad,MFRGG,,totp,,,MD5,,,,\n"
	"bad,MFRGG,,totp,,,,0,,,\n"
	"bad,,,,,,,,,,\n";

static void test_csv(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	read_whole("csv", text_of(table), NULL, &import);
	expect_entry(&import, 0, "1 616263 2 8 60 0 [Site] [me] note=a note");
	expect_entry(&import, 1, "2 616263 1 6 0 9 [Count] [you]");
	expect_entry(&import, 2, "1 616263 1 7 30 0 [I] [a]");
	expect_entry(&import, 3,
		     "4 e3152afee62599c8 4 6 10 0 [M] [m] pin=1234");
	assert_int_equal(import.n, 4);
	assert_int_equal(import.skipped.n, 6);
	assert_int_equal(import.skipped.list[0].position, 6);
	assert_string_equal(import.skipped.list[0].name, "bad");
	expect_skip(&import, 1, 7, "counter is not a number");
	expect_skip(&import, 2, 8, "type is not known");
	expect_skip(&import, 3, 9, "algorithm must be SHA1, SHA256 or SHA512");
	expect_skip(&import, 4, 10, "digits must be 4 to 10");
	expect_skip(&import, 5, 11, "secret is empty");
	refused_for("csv", TEXT("a,b\n1,2\n"), NULL, "names no column");
	assert_null(formats_detect(TEXT("a,b\n1,2\n")));
	assert_null(formats_detect(TEXT("secret\nMFRGG\n")));
	survive("csv", text_of(table), NULL, 200, false);
}

static const char bitwarden[] =
	"folder,favorite,type,name,notes,fields,reprompt,login_uri,"
	"login_username,login_password,login_totp\r\n"
	"Web,1,login,Site,\"two\r\nlines\",,0,http://x,me,pass,"
	"JBSW Y3DP EHPK 3PXP\r\n"
	",,login,No code,,,0,,me,pass,\r\n"
	",,note,A note,,,0,,,,MFRGG\r\n"
	",,login,Bad,,,0,,,,otpauth://totp/x?secret=1\r\n"
	",,login,Play,,,0,,,,steam://MFRGG\r\n";

static void test_bitwarden(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	read_whole("bitwarden-csv", text_of(bitwarden), NULL, &import);
	expect_entry(&import, 0,
		     "1 48656c6c6f21deadbeef 1 6 30 0 [Site] [me] "
		     "note=two\nlines favourite tag/Web");
	expect_entry(&import, 1, "3 616263 1 5 30 0 [Steam] [Play]");
	assert_int_equal(import.n, 2);
	assert_int_equal(import.skipped.n, 1);
	assert_string_equal(import.skipped.list[0].name, "Bad");
	assert_int_equal(import.skipped.list[0].position, 6);
	survive("bitwarden-csv", text_of(bitwarden), NULL, 200, false);
	refused_for("bitwarden-csv", TEXT("a,b\n"), NULL, "no column");
}

static const char keepassxc[] =
	"\"Group\",\"Title\",\"Username\",\"Password\",\"URL\",\"Notes\","
	"\"TOTP\",\"Icon\",\"Last Modified\",\"Created\"\n"
	"\"Root/Web/Mail\",\"Post\",\"me\",\"p\",\"\",\"n\","
	"\"otpauth://totp/Post:me?secret=MFRGG&period=30&digits=6&issuer=Post"
	"\",\"0\",\"\",\"\"\n"
	"\"Root\",\"Bare\",\"\",\"p\",\"\",\"\",\"MFRGG\",\"\",\"\",\"\"\n"
	"\"Root\",\"None\",\"\",\"p\",\"\",\"\",\"\",\"\",\"\",\"\"\n"
	"\"Root\",\"\",\"\",\"p\",\"\",\"\","
	"\"otpauth://totp/KeePassXC:none?secret=MFRGG&issuer=KeePassXC\","
	"\"\",\"\",\"\"\n";

static void test_keepassxc(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	read_whole("keepassxc-csv", text_of(keepassxc), NULL, &import);
	expect_entry(&import, 0,
		     "1 616263 1 6 30 0 [Post] [me] note=n tag/Web/Mail");
	expect_entry(&import, 1, "1 616263 1 6 30 0 [Bare] []");
	expect_entry(&import, 2, "1 616263 1 6 30 0 [] []");
	assert_int_equal(import.n, 3);
	assert_int_equal(import.skipped.n, 0);
	survive("keepassxc-csv", text_of(keepassxc), NULL, 200, false);
	refused_for("keepassxc-csv", TEXT("a,b\n"), NULL, "no column");
}

static const char keepass[] =
	"Title,User Name,TimeOtp-Secret,TimeOtp-Secret-Hex,"
	"TimeOtp-Secret-Base32,TimeOtp-Secret-Base64,TimeOtp-Length,"
	"TimeOtp-Period,TimeOtp-Algorithm,HmacOtp-Secret-Base32,"
	"HmacOtp-Counter,TOTP Seed,TOTP Settings,otp\n"
	"Text,u,abc,,,,8,60,HMAC-SHA-512,,,,,\n"
	"Hex,u,,616263,,,,,,,,,,\n"
	"B32,u,,,MFRGG,,,,,,,,,\n"
	"B64,u,,,,YWJj,,,,,,,,\n"
	"Hmac,u,,,,,,,,MFRGG,5,,,\n"
	"Both,u,,,MFRGG,,,,,MFRGG,6,,,\n"
	"Seed,u,,,,,,,,,,MFRGG,60;8,\n"
	"Steam,u,,,,,,,,,,MFRGG,30;S,\n"
	"Seed only,u,,,,,,,,,,MFRGG,,\n"
	"Keeotp,u,,,,,,,,,,,,key=MFRGG%3d%3d%3d&size=8&step=25&"
	"otpHashMode=Sha256\n"
	"Keeotp2,u,,,,,,,,,,,,type=hotp&key=MFRGG&counter=3\n"
	"Enc,u,,,,,,,,,,,,otpauth://totp/E:u?secret=MFRGG&encoder=steam\n"
	"Bad,u,,6162zz,,,,,,,,,,\n"
	"Bad,u,,,,!!!,,,,,,,,\n"
	"Bad,u,,,,,,,,MFRGG,-5,,,\n"
	"Bad,u,,,,,,,,,,MFRGG,0;6,\n"
	"Bad,u,,,,,,,,,,,,key=MFRGG%3&size=8\n"
	"Bad,u,,,,,,,,,,,,key=MFRGG&type=x\n";

static void test_keepass(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	read_whole("keepassxc-csv", text_of(keepass), NULL, &import);
	expect_entry(&import, 0, "1 616263 3 8 60 0 [Text] [u]");
	expect_entry(&import, 1, "1 616263 1 6 30 0 [Hex] [u]");
	expect_entry(&import, 2, "1 616263 1 6 30 0 [B32] [u]");
	expect_entry(&import, 3, "1 616263 1 6 30 0 [B64] [u]");
	expect_entry(&import, 4, "2 616263 1 6 0 5 [Hmac] [u]");
	expect_entry(&import, 5, "1 616263 1 6 30 0 [Both] [u]");
	expect_entry(&import, 6, "2 616263 1 6 0 6 [Both] [u]");
	expect_entry(&import, 7, "1 616263 1 8 60 0 [Seed] [u]");
	expect_entry(&import, 8, "3 616263 1 5 30 0 [Steam] [u]");
	expect_entry(&import, 9, "1 616263 1 6 30 0 [Seed only] [u]");
	expect_entry(&import, 10, "1 616263 2 8 25 0 [Keeotp] [u]");
	expect_entry(&import, 11, "2 616263 1 6 0 3 [Keeotp2] [u]");
	expect_entry(&import, 12, "3 616263 1 5 30 0 [E] [u]");
	assert_int_equal(import.n, 13);
	assert_int_equal(import.skipped.n, 6);
	expect_skip(&import, 1, 15, "secret is not base64");
	expect_skip(&import, 2, 16, "counter is not a number");
	expect_skip(&import, 3, 17, "period must be 1 to 86400");
	expect_skip(&import, 4, 18, "otp is badly encoded");
	expect_skip(&import, 5, 19, "type is not known");
	survive("keepassxc-csv", text_of(keepass), NULL, 300, false);
}

static void test_samples(void **state UNUSED)
{
	AUTO_BUFFER struct buffer file = { 0 };
	AUTO_IMPORT struct import import;

	import_init(&import);
	load_sample("aegis/bitwarden.csv", &file);
	read_whole("bitwarden-csv", buffer_bytes(&file), NULL, &import);
	assert_int_equal(import.n, 4);
	expect_entry(&import, 3,
		     "3 4c7225f3e265eae831afcc745fa79132 1 5 30 0 [Steam] "
		     "[Test 4]");
	entry_deinit(&import.entries[--import.n]);
	expect_samples(&import, DENO | SPDX | AIRBNB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_long_rows),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_bitwarden),
		cmocka_unit_test(test_keepassxc),
		cmocka_unit_test(test_keepass),
		cmocka_unit_test(test_samples),
	};

	return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
