/*
 * PSKC: plain files, the examples of RFC 6030 under a shared key (its figure
 * 6) and under a password (its figure 7), damage, what a file may ask of us.
 *
 * Covers: xmlenc
 */
#include "tests/unit/formats.h"

/* The keys of the RFC's examples. */
#define SHARED "12345678901234567890123456789012"
#define PASSWORD "qwerty"

#define HEAD                                                           \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                 \
	"<pskc:KeyContainer Version=\"1.0\" xmlns:pskc=\"urn:ietf:"    \
	"params:xml:ns:keyprov:pskc\" xmlns:xenc=\"http://www.w3.org/" \
	"2001/04/xmlenc#\" xmlns:x=\"x\">\n"
#define TAIL "</pskc:KeyContainer>"
#define ALGORITHM "urn:ietf:params:xml:ns:keyprov:pskc:"
#define DEVICE                                         \
	"<pskc:DeviceInfo><pskc:Manufacturer>Maker"    \
	"</pskc:Manufacturer><pskc:SerialNo>987654321" \
	"</pskc:SerialNo></pskc:DeviceInfo>"
#define PACKAGE(inner) "<pskc:KeyPackage>" DEVICE inner "</pskc:KeyPackage>\n"
#define SECRET(inner) "<pskc:Secret>" inner "</pskc:Secret>"
#define PLAIN "<pskc:PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</pskc:PlainValue>"
#define KEY "3132333435363738393031323334353637383930"

static const char plain[] = HEAD PACKAGE(
	"<pskc:Key Id=\"1\" Algorithm=\"" ALGORITHM "hotp\">"
	"<pskc:Issuer>Issuer-A</pskc:Issuer><pskc:AlgorithmParameters>"
	"<pskc:ResponseFormat Length=\"8\" Encoding=\"DECIMAL\"/>"
	"</pskc:AlgorithmParameters><pskc:Data>" SECRET(
		PLAIN) "<pskc:Counter><pskc:PlainValue>42</pskc:PlainValue></pskc:Counter>"
		       "</pskc:Data></pskc:Key>")
	PACKAGE("<pskc:Key Id=\"2\" Algorithm=\"" ALGORITHM "totp\">"
		"<pskc:FriendlyName>My token</pskc:FriendlyName>"
		"<pskc:AlgorithmParameters><pskc:Suite>HMAC-SHA256"
		"</pskc:Suite><pskc:ResponseFormat Length=\"6\" "
		"Encoding=\"DECIMAL\"/></pskc:AlgorithmParameters>"
		"<pskc:Data>" SECRET(
			PLAIN) "<pskc:TimeInterval>"
			       "<pskc:PlainValue>60</pskc:PlainValue></pskc:TimeInterval>"
			       "</pskc:Data></pskc:Key>")
		PACKAGE("<pskc:Key Id=\"3\" Algorithm=\"" ALGORITHM
			"pin\"/>") PACKAGE("<pskc:Key Id=\"4\" Algorithm=\"" ALGORITHM
					   "totp\"/>")
			PACKAGE("<pskc:Key Id=\"5\" Algorithm=\"" ALGORITHM
				"totp\">"
				"<pskc:AlgorithmParameters><pskc:ResponseFormat Length=\"6\" "
				"Encoding=\"HEXADECIMAL\"/></pskc:AlgorithmParameters>"
				"<pskc:Data>" SECRET(
					PLAIN) "</pskc:Data></pskc:Key>")
				PACKAGE("<pskc:Key Id=\"6\" Algorithm=\"" ALGORITHM
					"totp\">"
					"<pskc:Data>" SECRET(
						"<pskc:PlainValue>!</pskc:PlainValue>") "</pskc:Data></pskc:Key>")
					TAIL;

static void test_plain(void **state UNUSED)
{
	AUTO_IMPORT struct import import;

	read_whole("pskc", text_of(plain), NULL, &import);
	assert_int_equal(import.n, 2);
	expect_entry(&import, 0, "2 " KEY " 1 8 0 42 [Issuer-A] [987654321]");
	expect_entry(&import, 1, "1 " KEY " 2 6 60 0 [Maker] [My token]");
	assert_int_equal(import.skipped.n, 4);
	expect_skip(&import, 0, 5, "type is neither HOTP nor TOTP");
	expect_skip(&import, 1, 6, "secret is missing");
	expect_skip(&import, 2, 7, "ResponseFormat is not decimal");
	expect_skip(&import, 3, 8, "secret is not base64");
	refused_for("pskc", TEXT("<KeyContainer/>"), NULL, "no KeyPackage");
	refused_for("pskc", TEXT("<KeyContainer Version=\"2.0\"/>"), NULL,
		    "newer PSKC");
	survive("pskc", text_of(plain), NULL, 200, false);
}

#define METHOD                                       \
	"<xenc:EncryptionMethod Algorithm=\"http://" \
	"www.w3.org/2001/04/xmlenc#aes128-cbc\"/>"
#define CIPHER(value)                                      \
	METHOD "<xenc:CipherData><xenc:CipherValue>" value \
	       "</xenc:CipherValue></xenc:CipherData>"
#define MAC(key)                                                 \
	"<pskc:MACMethod Algorithm=\"http://www.w3.org/2000/09/" \
	"xmldsig#hmac-sha1\"><pskc:MACKey>" CIPHER(              \
		key) "</pskc:MACKey></pskc:MACMethod>"
#define SEALED(value, mac)                                                                                       \
	PACKAGE("<pskc:Key Id=\"1\" Algorithm=\"" ALGORITHM "hotp\">"                                            \
		"<pskc:AlgorithmParameters><pskc:ResponseFormat "                                                \
		"Length=\"8\" Encoding=\"DECIMAL\"/>"                                                            \
		"</pskc:AlgorithmParameters><pskc:Data>" SECRET(                                                 \
			"<pskc:EncryptedValue>" CIPHER(                                                          \
				value) "</pskc:EncryptedValue><pskc:ValueMAC>" mac                               \
				       "</pskc:ValueMAC>") "<pskc:Counter>"                                      \
							   "<pskc:PlainValue>0</pskc:PlainValue></pskc:Counter>" \
							   "</pskc:Data></pskc:Key>")

/* RFC 6030, figure 6. */
static const char shared[] = HEAD
	"<pskc:EncryptionKey><x:KeyName>Pre-shared-key</x:KeyName>"
	"</pskc:EncryptionKey>" MAC(
		"ESIzRFVmd4iZABEiM0RVZgKn6WjLaTC1sbeBMSvIhRejN9vJa2BOlSaMrR7I5wSX")
		SEALED("AAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2lef1VmNPCMl8jwZqIUqGv",
		       "Su+NvtQfmvfJzF6bmQiJqoLRExc=") TAIL;

#define DERIVED(iterations)                                            \
	"<pskc:EncryptionKey><x:DerivedKey><x:KeyDerivationMethod "    \
	"Algorithm=\"http://www.rsasecurity.com/rsalabs/pkcs/schemas/" \
	"pkcs-5v2-0#pbkdf2\"><x:PBKDF2-params><Salt><Specified>"       \
	"Ej7/PEpyEpw=</Specified></Salt><IterationCount>" iterations   \
	"</IterationCount><KeyLength>16</KeyLength><PRF/>"             \
	"</x:PBKDF2-params></x:KeyDerivationMethod></x:DerivedKey>"    \
	"</pskc:EncryptionKey>"

/* RFC 6030, figure 7. */
#define FIGURE_7(iterations)                                                               \
	HEAD DERIVED(iterations) MAC(                                                      \
		"2GTTnLwM3I4e5IO5FkufoOEiOhNj91fhKRQBtBJYluUDsPOLTfUvoU2dStyOwYZx")        \
		SEALED("oTvo+S22nsmS2Z/RtcoF8Hfh+jzMe0RkiafpoDpnoZTjPYZu6V+A4aEn032yCr4f", \
		       "LP6xMvjtypbfT9PdkJhBZ+D6O4w=") TAIL

static void check_sealed(struct bytes file, const char *password)
{
	AUTO_IMPORT struct import import;

	read_whole("pskc", file, password, &import);
	assert_int_equal(import.n, 1);
	expect_entry(&import, 0, "2 " KEY " 1 8 0 0 [Maker] [987654321]");
	assert_int_equal(import.warnings.n, 0);
	refused("pskc", file, NULL, IMPORT_ERR_PASSWORD);
	refused("pskc", file, "", IMPORT_ERR_WRONG);
	refused("pskc", file, "no hex", IMPORT_ERR_WRONG);
}

static void test_shared(void **state UNUSED)
{
	AUTO_BUFFER struct buffer copy = { 0 };

	check_sealed(text_of(shared), SHARED);
	refused("pskc", text_of(shared), "12345678901234567890123456789013",
		IMPORT_ERR_WRONG);
	survive("pskc", text_of(shared), SHARED, 200, false);
	/* One bit of the value, and the MAC says so. */
	append(&copy, text_of(shared));
	((char *)memmem(copy.p, copy.n, "IHItlB3", 7))[0] ^= 1;
	refused("pskc", buffer_bytes(&copy), SHARED, IMPORT_ERR_WRONG);
}

static void test_password(void **state UNUSED)
{
	check_sealed(TEXT(FIGURE_7("1000")), PASSWORD);
	survive("pskc", TEXT(FIGURE_7("1000")), PASSWORD, 60, false);
	refused_for("pskc", TEXT(FIGURE_7("4000000000")), PASSWORD,
		    "more memory or time");
	refused_for("pskc", TEXT(FIGURE_7("x")), PASSWORD, "makes no sense");
}

#define LONG_KEY SHARED SHARED

static void test_no_mac(void **state UNUSED)
{
	static const char file[] = HEAD "<pskc:EncryptionKey/>" SEALED(
		"AAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2lef1VmNPCMl8j"
		"wZqIUqGv",
		"") TAIL;
	AUTO_IMPORT struct import import;

	read_whole("pskc", text_of(file), SHARED, &import);
	expect_entry(&import, 0, "2 " KEY " 1 8 0 0 [Maker] [987654321]");
	assert_int_equal(import.warnings.n, 1);
	refused("pskc", text_of(file), LONG_KEY, IMPORT_ERR_WRONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_password),
		cmocka_unit_test(test_no_mac),
	};

	return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
