/*
 * CPace against the numbers of draft-irtf-cfrg-cpace (appendix on
 * CPACE-RISTR255-SHA512). The draft has none for confirmation tags: those
 * were computed from its session key with Python's hmac and hashlib.
 */
#include "daemon/core/peer/cpace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

static const char hex_prs[] = "50617373776f7264";
static const char hex_ci[] =
	"6f630b425f726573706f6e6465720b415f696e69746961746f72";
static const char hex_sid[] = "7e4b4791d6a8ef019b936c79fb7f2c57";
static const char hex_generator[] =
	"a6fc82c3b8968fbb2e06fee81ca858586dea50d248f0c7ca6a18b0902a30"
	"b36b";
static const char hex_ya[] =
	"da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff097"
	"6d08";
static const char hex_ada[] = "414461";
static const char hex_share_a[] =
	"d40fb265a7abeaee7939d91a585fe59f7053f982c296ec413c624c669308"
	"f87a";
static const char hex_yb[] =
	"d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900"
	"b80d";
static const char hex_adb[] = "414462";
static const char hex_share_b[] =
	"08bcf6e9777a9c313a3db6daa510f2d398403319c2341bd506a92e672eb7"
	"e307";
static const char hex_k[] =
	"e22b1ef7788f661478f3cddd4c600774fc0f41e6b711569190ff88fa0e60"
	"7e09";
static const char hex_isk[] =
	"4c5469a16b2364c4b944ebc1a79e51d1674ad47db26e8718154f59faebfa"
	"a52d8346f30aa58377117eb20d527f2cbc5c76381f7fd372e89df8239f87"
	"f2e02ed1";
static const char hex_tag_a[] =
	"a737748ae37c5c528cbf082d060dd7622396149a62ccc64c2848b1e8d525"
	"bad820c4bf9c73a8b4a3f4980cef0d9aa3095f8f3a02707bee9ab27987e6"
	"aaec9a9e";
static const char hex_tag_b[] =
	"ed3b42534ff85f125216e4869b483358981628fbc3918ca1fc22e8d4052e"
	"87bca38f0704974ce75e88373405cfe079f18fe64f338f926d36d493d9de"
	"976de526";
static const char hex_valid_s[] =
	"7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf53"
	"8a05";
static const char hex_valid_x[] =
	"2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4"
	"a51c";
static const char hex_valid_product[] =
	"7c13645fe790a468f62c39beb7388e541d8405d1ade69d1778c5fe3e7f6b"
	"600e";
static const char hex_invalid_y1[] =
	"2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4"
	"a51c";
static const char hex_invalid_y2[] =
	"000000000000000000000000000000000000000000000000000000000000"
	"0000";

struct piece {
	uint8_t p[128];
	size_t n;
};

static struct piece unhex(const char *hex)
{
	struct piece piece;

	assert_int_equal(sodium_hex2bin(piece.p, sizeof(piece.p), hex,
					strlen(hex), NULL, &piece.n, NULL),
			 0);
	return piece;
}

#define PIECE(piece) ((struct bytes){ (piece).p, (piece).n })

/* The draft's appendix on string utility functions. */
static void test_lengths(void **state)
{
	uint8_t length[CPACE_LENGTH_MAX];

	(void)state;
	assert_int_equal(cpace_length(0, length), 1);
	assert_int_equal(length[0], 0);
	assert_int_equal(cpace_length(127, length), 1);
	assert_int_equal(length[0], 0x7f);
	assert_int_equal(cpace_length(128, length), 2);
	assert_memory_equal(length, "\x80\x01", 2);
	assert_int_equal(cpace_length(SIZE_MAX, length), 10);
}

static void check_generator(const char *prs, const char *ci, const char *sid,
			    const char *generator)
{
	struct piece p = unhex(prs), c = unhex(ci), s = unhex(sid);
	uint8_t out[CPACE_POINT_SIZE];

	cpace_generator(PIECE(p), PIECE(c), PIECE(s), out);
	assert_memory_equal(out, unhex(generator).p, sizeof(out));
}

static void test_generator(void **state)
{
	(void)state;
	check_generator(hex_prs, hex_ci, hex_sid, hex_generator);
}

/* Long passwords leave no room for the padding; nothing else may break. */
static void test_long_password(void **state)
{
	uint8_t prs[300] = { 1 }, out[2][CPACE_POINT_SIZE];

	(void)state;
	for (size_t n = 90; n < sizeof(prs); n++) {
		cpace_generator((struct bytes){ prs, n }, BYTES(prs),
				BYTES(prs), out[n % 2]);
		assert_memory_not_equal(out[0], out[1], CPACE_POINT_SIZE);
	}
}

static void test_full_run(void **state)
{
	struct piece sid = unhex(hex_sid), ada = unhex(hex_ada),
		     adb = unhex(hex_adb);
	struct cpace_message a = { .ad = PIECE(ada) }, b = { .ad = PIECE(adb) };
	uint8_t g[32], k[2][32], isk[CPACE_ISK_SIZE], tag[CPACE_MAC_SIZE];

	(void)state;
	memcpy(g, unhex(hex_generator).p, sizeof(g));
	assert_int_equal(cpace_multiply(unhex(hex_ya).p, g, a.share), 0);
	assert_memory_equal(a.share, unhex(hex_share_a).p, 32);
	assert_int_equal(cpace_multiply(unhex(hex_yb).p, g, b.share), 0);
	assert_memory_equal(b.share, unhex(hex_share_b).p, 32);
	assert_int_equal(cpace_multiply(unhex(hex_ya).p, b.share, k[0]), 0);
	assert_int_equal(cpace_multiply(unhex(hex_yb).p, a.share, k[1]), 0);
	assert_memory_equal(k[0], unhex(hex_k).p, 32);
	assert_memory_equal(k[1], unhex(hex_k).p, 32);
	cpace_isk(PIECE(sid), k[0], &a, &b, isk);
	assert_memory_equal(isk, unhex(hex_isk).p, sizeof(isk));
	cpace_tag(PIECE(sid), isk, &a, tag);
	assert_memory_equal(tag, unhex(hex_tag_a).p, sizeof(tag));
	cpace_tag(PIECE(sid), isk, &b, tag);
	assert_memory_equal(tag, unhex(hex_tag_b).p, sizeof(tag));
}

static void check_multiply(const char *s, const char *valid, const char *y1,
			   const char *y2, const char *product)
{
	uint8_t out[CPACE_POINT_SIZE];

	assert_int_equal(cpace_multiply(unhex(s).p, unhex(valid).p, out), 0);
	assert_memory_equal(out, unhex(product).p, sizeof(out));
	assert_int_equal(cpace_multiply(unhex(s).p, unhex(y1).p, out),
			 CPACE_ERR_REFUSED);
	assert_int_equal(cpace_multiply(unhex(s).p, unhex(y2).p, out),
			 CPACE_ERR_REFUSED);
}

static void test_multiply(void **state)
{
	(void)state;
	check_multiply(hex_valid_s, hex_valid_x, hex_invalid_y1, hex_invalid_y2,
		       hex_valid_product);
}

static void test_scalar(void **state)
{
	uint8_t random[CPACE_RANDOM_SIZE], scalar[CPACE_SCALAR_SIZE];

	(void)state;
	memset(random, 0xff, sizeof(random));
	cpace_scalar(random, scalar);
	/* Below the order 2^252 + ..., so the highest four bits are clear. */
	assert_true(scalar[31] <= 0x10);
	assert_false(sodium_is_zero(scalar, sizeof(scalar)));
}

/* --- the file, when it is there: the same numbers, maybe newer ones */

static char *read_fixture(const char *name)
{
	const char *root = getenv("FOB_FIXTURES");
	char path[1024];
	char *text;
	FILE *f;

	if (root == NULL)
		return NULL;
	snprintf(path, sizeof(path), "%s/vectors/%s", root, name);
	f = fopen(path, "r");
	if (f == NULL)
		return NULL;
	text = calloc(1, 1 << 16);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 16) - 1, f) > 0);
	fclose(f);
	return text;
}

/* A copy of the string that follows "key": after `section`. */
static const char *value(const char *text, const char *section, const char *key)
{
	static char values[8][512];
	static size_t next;
	char quoted[64], *out = values[next++ % ARRAY_SIZE(values)];
	const char *p = strstr(text, section), *end;

	assert_non_null(p);
	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	p = strstr(p, quoted);
	assert_non_null(p);
	p = strchr(p + strlen(quoted), '"') + 1;
	end = strchr(p, '"');
	assert_true(end - p < 512);
	memcpy(out, p, (size_t)(end - p));
	out[end - p] = '\0';
	return out;
}

static void test_file(void **state)
{
	char *text = read_fixture("cpace-ristretto255-sha512.json");
	const char *run = "full_run", *vfy = "scalar_mult_vfy\": {";
	struct piece sid, ada, adb;
	struct cpace_message a, b;
	uint8_t isk[CPACE_ISK_SIZE];

	(void)state;
	if (text == NULL) {
		print_message("FOB_FIXTURES is not set: skipped\n");
		skip();
	}
	check_generator(value(text, run, "PRS"), value(text, run, "CI"),
			value(text, run, "sid"), value(text, run, "g"));
	sid = unhex(value(text, run, "sid"));
	ada = unhex(value(text, run, "ADa"));
	adb = unhex(value(text, run, "ADb"));
	a.ad = PIECE(ada);
	b.ad = PIECE(adb);
	memcpy(a.share, unhex(value(text, run, "Ya")).p, 32);
	memcpy(b.share, unhex(value(text, run, "Yb")).p, 32);
	cpace_isk(PIECE(sid), unhex(value(text, run, "K")).p, &a, &b, isk);
	assert_memory_equal(isk, unhex(value(text, run, "ISK_IR")).p,
			    sizeof(isk));
	check_multiply(value(text, vfy, "s"), value(text, vfy, "X"),
		       value(text, vfy, "Invalid Y1"),
		       value(text, vfy, "Invalid Y2"),
		       value(text, vfy, "G.scalar_mult_vfy(s,X)"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_generator),
		cmocka_unit_test(test_long_password),
		cmocka_unit_test(test_full_run),
		cmocka_unit_test(test_multiply),
		cmocka_unit_test(test_scalar),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
