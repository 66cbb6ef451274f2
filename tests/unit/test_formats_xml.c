/*
 * XML as a tree, what it refuses, and two formats of it: KeePass's export,
 * Authy's preferences; and the other forms of Authy.
 *
 * Covers: xml, keepassxc_xml, authy
 */
#include "client/formats/xml.h"
#include "tests/unit/formats.h"

#define PASSWORD "testtest"

static void expect_text(struct bytes got, const char *want)
{
	assert_non_null(got.p);
	assert_int_equal(got.n, strlen(want));
	assert_memory_equal(got.p, want, got.n);
}

static void test_tree(void **state UNUSED)
{
	AUTO_XML struct xml *root = NULL;
	AUTO_IMPORT struct import import;
	const struct xml *b;

	import_init(&import);
	assert_int_equal(xml_read(TEXT("<?xml version=\"1.0\"?>\n"
				       "<x:root x:a='1' b=\"&lt;2\">\n"
				       "<b> one &amp;<i/> two </b><c/>\n"
				       "<b><d>deep</d></b></x:root>"),
				  &import, &root),
			 0);
	assert_string_equal(root->name, "root");
	expect_text(xml_attribute(root, "a"), "1");
	expect_text(xml_attribute(root, "b"), "<2");
	assert_null(xml_attribute(root, "c").p);
	b = xml_child(root, "b");
	expect_text(xml_text(b), "one & two");
	b = xml_next(b, "b");
	assert_int_equal(b->line, 4);
	expect_text(xml_text(xml_find(b, "d")), "deep");
	expect_text(xml_text(xml_find(root, "c")), "");
	assert_null(xml_next(b, "b"));
	assert_null(xml_find(root, "b/none/d"));
	assert_null(xml_text(xml_find(root, "none")).p);
}

static void xml_refused(struct bytes text, const char *why)
{
	struct xml *root = NULL;
	AUTO_IMPORT struct import import;

	import_init(&import);
	assert_int_equal(xml_read(text, &import, &root), IMPORT_ERR_FILE);
	assert_null(root);
	if (!strstr(import.error, why))
		fail_msg("\"%s\" is not in \"%s\"", why, import.error);
}

static void test_refused(void **state UNUSED)
{
	AUTO_TEXT struct text deep = { 0 };

	for (size_t i = 0; i < 200; i++)
		put(&deep, "<a>");
	xml_refused(text_bytes(&deep), "nested too deeply");
	xml_refused(TEXT(""), "empty");
	xml_refused(TEXT("<a>\n<b>"), "line 2, column 4: it is cut off");
	xml_refused(TEXT("<a>\n</b>"), "line 2, column 3: it is no sound XML");
	xml_refused(TEXT("<a>\xff</a>"), "no sound XML");
	xml_refused(TEXT("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
		    "document type");
	xml_refused(TEXT("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"),
		    "document type");
	xml_refused(TEXT("<a>&b;</a>"), "no sound XML");
}

static void test_too_many(void **state UNUSED)
{
	AUTO_BUFFER struct buffer file = { 0 };
	size_t n = 4 * (size_t)XML_ELEMENTS_MAX;

	assert_int_equal(buffer_alloc(&file, n + 3), 0);
	memcpy(file.p, "<a>", 3);
	for (size_t i = 0; i < n; i += 4)
		memcpy(file.p + 3 + i, "<b/>", 4);
	xml_refused(buffer_bytes(&file), "too many elements");
}

static void test_begins(void **state UNUSED)
{
	assert_true(xml_begins(TEXT("<map>"), "map"));
	assert_true(xml_begins(TEXT("<map/>"), "map"));
	assert_true(xml_begins(TEXT("\xef\xbb\xbf<?xml?>\n<!-- <a> -->\r\n"
				    "<p:map x=''>"),
			       "map"));
	assert_false(xml_begins(TEXT("<maps>"), "map"));
	assert_false(xml_begins(TEXT("<!-- <map>"), "map"));
	assert_false(xml_begins(TEXT("<?xml"), "map"));
	assert_false(xml_begins(TEXT(""), "map"));
	assert_false(xml_begins(TEXT("map"), "map"));
}

/* --- KeePass ---------------------------------------------------------------------- */

#define PAIR(key, value) \
	"<String><Key>" key "</Key><Value>" value "</Value></String>"

static const char keepass[] =
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
	"<KeePassFile><Meta><RecycleBinEnabled>True</RecycleBinEnabled>"
	"<RecycleBinUUID>BIN=</RecycleBinUUID></Meta><Root>"
	"<Group><UUID>1</UUID><Name>Database</Name>\n"
	"<Entry>" PAIR("Title", "Site") PAIR("UserName", "me") PAIR("Notes", "n") PAIR(
		"Password",
		"p") "<String><Key>otp</Key><Value ProtectInMemory=\"True\">"
		     "otpauth://totp/Site:me?secret=MFRGG&amp;period=60&amp;digits=8"
		     "</Value></String>"
		     "<History><Entry>" PAIR("Title", "Site") PAIR(
			     "otp",
			     "MFRGG") "</Entry></History></Entry>\n"
				      "<Entry>" PAIR(
					      "Title",
					      "No code") "</Entry>\n"
							 "<Group><Name>Web</Name><Group><Name>Mail</Name><Entry>" PAIR(
								 "Title",
								 "Post")
								 PAIR("TimeOtp-Secret-Base32",
								      "MFRGG") "</Entry></Group></Group>\n"
									       "<Group><UUID>BIN=</UUID><Name>Bin</Name><Entry>" PAIR(
										       "Title",
										       "Gone")
										       PAIR("otp",
											    "MFRGG") "</Entry></Group>\n"
												     "<Entry>" PAIR(
													     "Title",
													     "Shut") "<String><Key>otp</Key>"
														     "<Value Protected=\"True\">AAAA</Value></String></Entry>\n"
														     "<Entry>" PAIR(
															     "Title",
															     "Both") PAIR("TOTP Seed",
																	  "MFRGG")
															     PAIR("TOTP Settings",
																  "30;S") PAIR("HmacOtp-Secret-Hex",
																	       "616263")
																     PAIR("HmacOtp-Counter",
																	  "4") "</Entry>"
																	       "</Group></Root></KeePassFile>";

static void test_keepass(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	read_whole("keepassxc-xml", text_of(keepass), NULL, &import);
	assert_int_equal(import.n, 4);
	expect_entry(&import, 0, "1 616263 1 8 60 0 [Site] [me] note=n");
	expect_entry(&import, 1, "3 616263 1 5 30 0 [Both] []");
	expect_entry(&import, 2, "2 616263 1 6 0 4 [Both] []");
	expect_entry(&import, 3, "1 616263 1 6 30 0 [Post] [] tag/Web/Mail");
	assert_int_equal(import.skipped.n, 1);
	expect_skip(&import, 0, 7, "otp is encrypted inside of the XML");
	assert_string_equal(import.skipped.list[0].name, "Shut");
	refused_for("keepassxc-xml", TEXT("<KeePassFile/>"), NULL,
		    "no group of entries");
	survive("keepassxc-xml", text_of(keepass), NULL, 300, false);
}

/* --- Authy ------------------------------------------------------------------------- */

static const char plain[] =
	"<map>\n<string name=\"com.authy.storage.tokens.authenticator.key\">"
	"[{&quot;accountType&quot;:&quot;authenticator&quot;,"
	"&quot;decryptedSecret&quot;:&quot;MFRGG\\u003d&quot;,"
	"&quot;digits&quot;:7,&quot;originalIssuer&quot;:&quot;Site&quot;,"
	"&quot;name&quot;:&quot;Site: me&quot;},"
	"{&quot;accountType&quot;:&quot;gmail&quot;,"
	"&quot;decryptedSecret&quot;:&quot;MFRGG&quot;,"
	"&quot;name&quot;:&quot;a@b&quot;}]</string>\n"
	"<string name=\"com.authy.storage.tokens.authy.key\">"
	"[{&quot;name&quot;:&quot;Native - x&quot;,"
	"&quot;secretSeed&quot;:&quot;616263&quot;}]</string>\n"
	"<string name=\"other\">no JSON</string></map>";

static void test_authy_plain(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	read_whole("authy", text_of(plain), NULL, &import);
	assert_int_equal(import.n, 3);
	expect_entry(&import, 0, "1 616263 1 7 30 0 [Site] [me]");
	expect_entry(&import, 1, "1 616263 1 6 30 0 [gmail] [a@b]");
	expect_entry(&import, 2, "1 616263 1 7 10 0 [Native] [x]");
	refused_for("authy", TEXT("{}"), NULL,
		    "\"authenticator_tokens\" is missing");
	survive("authy", text_of(plain), NULL, 200, false);
}

static void test_authy_script(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	read_whole("authy",
		   TEXT("[{\"name\":\"Site: me\",\"secret\":\"MFRGG\","
			"\"uri\":\"otpauth://totp/Site%3A%20me?secret=MFRGG&"
			"digits=7&period=10\"}]"),
		   NULL, &import);
	assert_int_equal(import.n, 1);
	expect_entry(&import, 0, "1 616263 1 7 10 0 [Site] [me]");
}

/* One token as the server sends it, under its own salt. */
static void put_token(struct text *out, struct bytes secret,
		      const char *password, const char *more)
{
	AUTO_BUFFER struct buffer sealed = { 0 };
	struct crypt_pbkdf2 how = { CRYPT_SHA1, 1000, TEXT("c2FsdA==") };
	uint8_t key[CRYPT_KEY], iv[CRYPT_BLOCK] = { 0 };

	assert_int_equal(
		crypt_pbkdf2(&how, text_of(password), key, sizeof(key)), 0);
	if (strstr(more, "unique_iv"))
		memset(iv, 0x11, sizeof(iv));
	seal_cbc(key, iv, secret, &sealed);
	put(out, "{\"account_type\":\"authenticator\",\"digits\":6,"
		 "\"encrypted_seed\":\"");
	put_base64(out, buffer_bytes(&sealed));
	put(out, "\",\"salt\":\"c2FsdA==\",%s}", more);
}

static void test_authy_sealed(void **state UNUSED)
{
	AUTO_TEXT struct text file = { 0 };
	AUTO_IMPORT struct import import;

	import_init(&import);
	put(&file, "{\"authenticator_tokens\":[");
	put_token(&file, TEXT("MFRGG"), "another", "\"name\":\"Shut\"");
	put(&file, ",");
	put_token(&file, TEXT("MFRGG"), PASSWORD, "\"name\":\"Site:me\"");
	put(&file, ",");
	put_token(&file, TEXT("MFRGG==="), PASSWORD,
		  "\"unique_iv\":\"11111111111111111111111111111111\","
		  "\"key_derivation_iterations\":1000,"
		  "\"original_name\":\"B - c\"");
	put(&file, "]}");
	read_whole("authy", text_bytes(&file), PASSWORD, &import);
	assert_int_equal(import.n, 2);
	expect_entry(&import, 0, "1 616263 1 6 30 0 [Site] [me]");
	expect_entry(&import, 1, "1 616263 1 6 30 0 [B] [c]");
	expect_skip(&import, 0, 1, "secret does not open");
	refused("authy", text_bytes(&file), NULL, IMPORT_ERR_PASSWORD);
	refused("authy", text_bytes(&file), "x", IMPORT_ERR_WRONG);
	survive("authy", text_bytes(&file), PASSWORD, 60, false);
}

static void test_authy_hostile(void **state UNUSED)
{
	AUTO_TEXT struct text file = { 0 };

	put(&file, "{\"authenticator_tokens\":[");
	put_token(&file, TEXT("MFRGG"), PASSWORD,
		  "\"key_derivation_iterations\":4000000000");
	put(&file, "]}");
	refused_for("authy", text_bytes(&file), PASSWORD,
		    "more memory or time");
	refused_for("authy",
		    TEXT("{\"authenticator_tokens\":[{\"encrypted_seed\":\"!"
			 "\"}]}"),
		    PASSWORD, "makes no sense");
}

static void authy_sample(const char *path, const char *password)
{
	AUTO_BUFFER struct buffer file = { 0 };
	AUTO_IMPORT struct import import;

	import_init(&import);
	load_sample(path, &file);
	read_whole("authy", buffer_bytes(&file), password, &import);
	assert_int_equal(import.n, 3);
	assert_int_equal(import.skipped.n, 0);
	/* It knows neither hashes nor periods. */
	expect_entry(&import, 0,
		     "1 e49270f0d21f365c8408f8b475c5267c 1 6 30 0 [Deno] "
		     "[Mason]");
	expect_entry(&import, 2,
		     "1 f91664c8d768853aedde5a936c16ba88 1 8 30 0 [Airbnb] "
		     "[Elijah]");
	if (!password)
		return;
	refused("authy", buffer_bytes(&file), NULL, IMPORT_ERR_PASSWORD);
	refused("authy", buffer_bytes(&file), "wrong", IMPORT_ERR_WRONG);
}

static void test_samples(void **state UNUSED)
{
	authy_sample("aegis/authy_plain.xml", NULL);
	authy_sample("aegis/authy_encrypted.xml", PASSWORD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_begins),
		cmocka_unit_test(test_keepass),
		cmocka_unit_test(test_authy_plain),
		cmocka_unit_test(test_authy_script),
		cmocka_unit_test(test_authy_sealed),
		cmocka_unit_test(test_authy_hostile),
		cmocka_unit_test(test_samples),
	};

	return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
