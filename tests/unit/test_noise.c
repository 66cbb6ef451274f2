/*
 * The handshake against published numbers: vectors/cacophony.txt of
 * haskell-cryptography/cacophony. Three of them are written out here, the
 * others are read from $FOB_FIXTURES when that is set.
 */
#include "daemon/core/link/noise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#define MESSAGES 6
#define TEXT_MAX 512

/* All hex; NULL or empty when the pattern has no such thing. */
struct vector {
	const char *name, *prologue, *psk, *hash;
	const char *init_static, *init_ephemeral;
	const char *resp_static, *resp_ephemeral;
	const char *payload[MESSAGES], *message[MESSAGES];
};

static const struct {
	const char *name;
	enum noise_pattern pattern;
} names[] = {
	{ "NN", NOISE_NN },	    { "KK", NOISE_KK },
	{ "IK", NOISE_IK },	    { "XX", NOISE_XX },
	{ "NNpsk0", NOISE_NNPSK0 }, { "XXpsk0", NOISE_XXPSK0 },
	{ "XXpsk3", NOISE_XXPSK3 }, { "KKpsk2", NOISE_KKPSK2 },
	{ "IKpsk2", NOISE_IKPSK2 },
};

static const struct vector vectors[] = {
	{
		.name = "XX",
		.prologue =
			"4a6f686e2047616c74",
		.init_static =
			"e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a3"
			"4c8df7ed542214d1",
		.init_ephemeral =
			"893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a"
			"6b0569da977c464a",
		.resp_static =
			"4a3acbfdb163dec651dfa3194dece676d437029c62a408b4"
			"c5ea9114246e4893",
		.resp_ephemeral =
			"bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7"
			"793d5e63da6b375b",
		.hash =
			"8cf47d7b3cb5804c0109d48e8bcdbee2cbb65687d8ea2c92"
			"994ca361fb86151ad93627b98936cbb32de56e8abb21def3"
			"925011ac3e35db9cbeea73ab9a4392c2",
		.payload = {
			"4c756477696720766f6e204d69736573",
			"4d757272617920526f746862617264",
			"462e20412e20486179656b",
			"4361726c204d656e676572",
			"4a65616e2d426170746973746520536179",
			"457567656e2042f6686d20766f6e2042617765726b",
		},
		.message = {
			"ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f"
			"879f8e3afa4c79444c756477696720766f6e204d69736573",
			"95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5b"
			"e34069f1448088430505b6745ce64a5f33f0e8e3b83f11ce"
			"8802bca507f4f2d8b564dbe277e1966116e132faa2dfd70b"
			"8b077b9f94b913df5056ae1319469b824a98d54bbaa82c32"
			"5595587064f978c4b6d104f7596e6f",
			"99579e1c1ee15e422a57ddd6b16d37087b17558e8369c189"
			"91b4b2ca3a824abf904cdcf5458b5431a75af034ca9e9b98"
			"2de039eaaf156775e2d580cd4e5ebae89c3f8cb2594b556d"
			"8a8169",
			"fc56eea290b3f3a21aac0c70cd5787b5ee99be37d2f4d751"
			"329b55",
			"bb31c9da10d5639a4cdb88a12f5c61de41bbc7df09bf75d9"
			"4f8184fe4157f5c68f",
			"f6199cadb152fb27f82be0a0891ec76a33598ae92a46cab2"
			"fb5a8ed5bf48b7f267f8370af7",
		},
	},
	{
		.name = "NNpsk0",
		.prologue =
			"4a6f686e2047616c74",
		.psk =
			"54686973206973206d7920417573747269616e2070657273"
			"7065637469766521",
		.init_ephemeral =
			"893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a"
			"6b0569da977c464a",
		.resp_ephemeral =
			"bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7"
			"793d5e63da6b375b",
		.hash =
			"ed5e9692d0ab507b6c2beec3f584fd5b127817a9d20b26cd"
			"50aa72c507260fa31aa7d88dd3723316338af37ce0b4cfb2"
			"923aeb848bbf2b934911306f01ffc963",
		.payload = {
			"4c756477696720766f6e204d69736573",
			"4d757272617920526f746862617264",
			"462e20412e20486179656b",
			"4361726c204d656e676572",
			"4a65616e2d426170746973746520536179",
			"457567656e2042f6686d20766f6e2042617765726b",
		},
		.message = {
			"ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f"
			"879f8e3afa4c7944ed63df2f5a12aee1185ee9c50305f2ec"
			"f12421dcb53c047a63b784cf7c54a105",
			"95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5b"
			"e34069f1448088430e0fe7d5c0c9b92f7478716c8852f1b4"
			"f389edb75e3ebe546fafafd5b6f0f7",
			"0fe04b26dcfbb69f8a6a94c61f1a26ef88769218d32f5d17"
			"c068a6",
			"2239e0c540c01f09eb1f4cc5258fd5acfefff18a5a3773f2"
			"1b7bfe",
			"f216cb03d30fb8af1e561fe02a07552d09b416e27a75e62c"
			"77d193718b0bdaae9f",
			"6e8baf98b944184dd7dc5ef14d8108cbeca626de118a5460"
			"f3308e294d61e17238bce29bd9",
		},
	},
	{
		.name = "IKpsk2",
		.prologue =
			"4a6f686e2047616c74",
		.psk =
			"54686973206973206d7920417573747269616e2070657273"
			"7065637469766521",
		.init_static =
			"e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a3"
			"4c8df7ed542214d1",
		.init_ephemeral =
			"893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a"
			"6b0569da977c464a",
		.resp_static =
			"4a3acbfdb163dec651dfa3194dece676d437029c62a408b4"
			"c5ea9114246e4893",
		.resp_ephemeral =
			"bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7"
			"793d5e63da6b375b",
		.hash =
			"ed837c9084f2f0333a7ec60b9bcacd9921394858de8ced11"
			"8b5966d1147ba390084dab42326c565a309c29317a6079be"
			"30aa1d790d25a517b43287426cb1d36a",
		.payload = {
			"4c756477696720766f6e204d69736573",
			"4d757272617920526f746862617264",
			"462e20412e20486179656b",
			"4361726c204d656e676572",
			"4a65616e2d426170746973746520536179",
			"457567656e2042f6686d20766f6e2042617765726b",
		},
		.message = {
			"ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f"
			"879f8e3afa4c7944b6fe0240b839afac809de1630eaf99d8"
			"f9b941394f0512c0554633bbb021d15176135c0a20e7fdb9"
			"a9ed066f22f054b47625b1d5061cb27d6a17f053273db7c2"
			"5216a5addc506ee321bc0618feb5849d",
			"95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5b"
			"e34069f1448088438f627e69fc120006f746b9d420bf4056"
			"cf8481ab32d9e904ffaeeaa56a5290",
			"07fc0034398a5f1010322be193d62f94bebf2948a20b3e15"
			"d681fe",
			"2ea5400f5b8a16971c8b67bde75aeb7987d454b1c0beeb25"
			"66932d",
			"96eef918ef51639fc0e156da1823c4f71b33fac5af983f5d"
			"a9384f7da20d86ed91",
			"f02766a56496e1fbf32e05274baebf6d693c8f3e4c6e0dc7"
			"ebdc5ac170f15dae433b92f469",
		},
	},
};

/* A piece of a vector as bytes; NULL in p when there is none. */
struct piece {
	uint8_t p[TEXT_MAX];
	size_t n;
};

static const uint8_t *unhex(const char *hex, struct piece *ret)
{
	ret->n = 0;
	if (hex == NULL || *hex == '\0')
		return NULL;
	assert_int_equal(sodium_hex2bin(ret->p, sizeof(ret->p), hex,
					strlen(hex), NULL, &ret->n, NULL),
			 0);
	return ret->p;
}

static enum noise_pattern pattern_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].pattern;
	fail_msg("unknown pattern %s", name);
	return NOISE_NN;
}

static void start(const struct vector *v, struct noise sides[2])
{
	struct piece prologue, psk, secrets[2], ephemerals[2];
	uint8_t publics[2][NOISE_KEY_SIZE];
	const uint8_t *secret[2];

	unhex(v->prologue, &prologue);
	secret[0] = unhex(v->init_static, &secrets[0]);
	secret[1] = unhex(v->resp_static, &secrets[1]);
	unhex(v->init_ephemeral, &ephemerals[0]);
	unhex(v->resp_ephemeral, &ephemerals[1]);
	for (size_t i = 0; i < 2; i++) {
		if (secret[i] != NULL)
			crypto_scalarmult_base(publics[i], secret[i]);
	}
	for (size_t i = 0; i < 2; i++) {
		struct noise_params params = {
			.pattern = pattern_named(v->name),
			.initiator = i == 0,
			.prologue = { prologue.p, prologue.n },
			.ephemeral = ephemerals[i].p,
			.secret = secret[i],
			.psk = unhex(v->psk, &psk),
		};
		/* Given where the pattern has it as a pre-message. */
		if (params.pattern == NOISE_KK ||
		    params.pattern == NOISE_KKPSK2 ||
		    (i == 0 && (params.pattern == NOISE_IK ||
				params.pattern == NOISE_IKPSK2)))
			params.remote = publics[1 - i];
		noise_init(&sides[i], &params);
	}
}

static void run_handshake(const struct vector *v, struct noise sides[2],
			  size_t *ret_n)
{
	size_t i = 0;

	for (; !noise_done(&sides[0]); i++) {
		struct noise *writer = &sides[i % 2],
			     *reader = &sides[1 - i % 2];
		struct piece payload, message;
		uint8_t out[TEXT_MAX];

		unhex(v->payload[i], &payload);
		unhex(v->message[i], &message);
		assert_true(noise_writes(writer));
		assert_false(noise_writes(reader));
		assert_int_equal(payload.n + noise_overhead(writer), message.n);
		assert_int_equal(noise_overhead(reader),
				 noise_overhead(writer));
		assert_int_equal(
			noise_write(writer,
				    (struct bytes){ payload.p, payload.n },
				    out),
			0);
		assert_memory_equal(out, message.p, message.n);
		assert_int_equal(
			noise_read(reader,
				   (struct bytes){ message.p, message.n }, out),
			0);
		assert_memory_equal(out, payload.p, payload.n);
	}
	*ret_n = i;
}

static void run_transport(const struct vector *v, struct noise sides[2],
			  size_t first)
{
	struct noise_cipher send[2], receive[2];
	uint8_t hashes[2][NOISE_HASH_SIZE];
	struct piece hash;

	unhex(v->hash, &hash);
	for (size_t i = 0; i < 2; i++) {
		noise_split(&sides[i], &send[i], &receive[i], hashes[i]);
		assert_int_equal(hash.n, NOISE_HASH_SIZE);
		assert_memory_equal(hashes[i], hash.p, hash.n);
		assert_true(
			sodium_is_zero((uint8_t *)&sides[i], sizeof(sides[i])));
	}
	for (size_t i = first; i < MESSAGES; i++) {
		struct piece payload, message;
		struct bytes none = { NULL, 0 };
		uint8_t out[TEXT_MAX];

		unhex(v->payload[i], &payload);
		unhex(v->message[i], &message);
		assert_int_equal(
			noise_seal(&send[i % 2], none,
				   (struct bytes){ payload.p, payload.n }, out),
			0);
		assert_memory_equal(out, message.p, message.n);
		assert_int_equal(
			noise_open(&receive[1 - i % 2], none,
				   (struct bytes){ message.p, message.n }, out),
			0);
		assert_memory_equal(out, payload.p, payload.n);
	}
}

static void check_vector(const struct vector *v)
{
	struct noise sides[2];
	size_t n;

	start(v, sides);
	run_handshake(v, sides, &n);
	run_transport(v, sides, n);
}

static void test_written_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		check_vector(&vectors[i]);
}

/* --- vectors from the file: a scanner for this one JSON shape */

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
	text = calloc(1, 1 << 20);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
	fclose(f);
	return text;
}

/* The next string after "key": in *at, ended with NUL in place; or NULL. */
static const char *string_after(char **at, const char *key)
{
	char quoted[64], *p, *end;

	snprintf(quoted, sizeof(quoted), "\"%s\"", key);
	p = strstr(*at, quoted);
	if (p == NULL)
		return NULL;
	p = strchr(p + strlen(quoted), '"');
	assert_non_null(p);
	end = strchr(p + 1, '"');
	assert_non_null(end);
	*end = '\0';
	*at = end + 1;
	return p + 1;
}

/* Looks only before `end`, and leaves `object` where it is. */
static const char *member(char *object, const char *end, const char *key)
{
	char quoted[64], *p;

	snprintf(quoted, sizeof(quoted), "\"%s\"", key);
	p = memmem(object, (size_t)(end - object), quoted, strlen(quoted));
	if (p == NULL)
		return NULL;
	p = strchr(p + strlen(quoted), '"') + 1;
	*strchr(p, '"') = '\0';
	return p;
}

static void check_object(char *object, char *end)
{
	struct vector v = { 0 };
	char *name, *at;

	v.prologue = member(object, end, "init_prologue");
	v.psk = member(object, end, "init_psks");
	v.hash = member(object, end, "handshake_hash");
	v.init_static = member(object, end, "init_static");
	v.init_ephemeral = member(object, end, "init_ephemeral");
	v.resp_static = member(object, end, "resp_static");
	v.resp_ephemeral = member(object, end, "resp_ephemeral");
	at = memmem(object, (size_t)(end - object), "\"messages\"", 10);
	assert_non_null(at);
	for (size_t i = 0; i < MESSAGES; i++) {
		v.payload[i] = string_after(&at, "payload");
		v.message[i] = string_after(&at, "ciphertext");
		assert_non_null(v.message[i]);
	}
	name = strchr(object, '_') + 1;
	*strchr(name, '_') = '\0';
	v.name = name;
	check_vector(&v);
}

static void test_file_vectors(void **state)
{
	char *text = read_fixture("noise-selected.json");
	char *object, *next;
	size_t n = 0;

	(void)state;
	if (text == NULL) {
		print_message("FOB_FIXTURES is not set: skipped\n");
		skip();
	}
	object = strstr(text, "\"Noise_");
	for (; object != NULL; object = next, n++) {
		next = strstr(object + 1, "\"Noise_");
		check_object(object, next ? next : object + strlen(object));
	}
	assert_int_equal(n, 8);
	free(text);
}

/* --- what the vectors do not say */

static void pattern_pair(enum noise_pattern pattern, struct noise sides[2])
{
	static const uint8_t psk[NOISE_KEY_SIZE] = { 7 };
	uint8_t secret[2][32], ephemeral[2][32], public[2][32];
	uint8_t seed[randombytes_SEEDBYTES] = { 3 };

	for (size_t i = 0; i < 2; i++) {
		seed[1] = (uint8_t)i;
		randombytes_buf_deterministic(secret[i], 32, seed);
		seed[1] = (uint8_t)(i + 2);
		randombytes_buf_deterministic(ephemeral[i], 32, seed);
		crypto_scalarmult_base(public[i], secret[i]);
	}
	for (size_t i = 0; i < 2; i++) {
		struct noise_params params = {
			.pattern = pattern,
			.initiator = i == 0,
			.prologue = { seed, 1 },
			.ephemeral = ephemeral[i],
			.secret = secret[i],
			.remote = public[1 - i],
			.psk = psk,
		};
		noise_init(&sides[i], &params);
	}
}

/* Every pattern: messages without payload get through, and both agree. */
static void test_all_patterns(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct noise sides[2];
		struct noise_cipher send[2], receive[2];
		uint8_t message[256], hash[2][NOISE_HASH_SIZE];

		pattern_pair(names[i].pattern, sides);
		for (size_t j = 0; !noise_done(&sides[0]); j++) {
			size_t n = noise_overhead(&sides[j % 2]);

			assert_int_equal(noise_write(&sides[j % 2],
						     (struct bytes){ NULL, 0 },
						     message),
					 0);
			assert_int_equal(
				noise_read(&sides[1 - j % 2],
					   (struct bytes){ message, n },
					   message + 128),
				0);
		}
		for (size_t j = 0; j < 2; j++)
			noise_split(&sides[j], &send[j], &receive[j], hash[j]);
		assert_memory_equal(hash[0], hash[1], NOISE_HASH_SIZE);
		assert_memory_equal(&send[0], &receive[1], sizeof(send[0]));
		assert_memory_equal(&send[1], &receive[0], sizeof(send[0]));
		assert_memory_not_equal(send[0].key, send[1].key, 32);
	}
}

/* Points of low order (RFC 7748 section 6.1 asks for this check). */
static void test_low_order(void **state)
{
	static const uint8_t points[][32] = {
		{ 0 },
		{ 1 },
		{ 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae,
		  0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
		  0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd,
		  0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		struct noise sides[2];
		uint8_t message[256], out[256];

		pattern_pair(NOISE_NN, sides);
		memcpy(message, points[i], 32);
		/* The first message has no DH: read, then refused to answer. */
		assert_int_equal(noise_read(&sides[1],
					    (struct bytes){ message, 32 }, out),
				 0);
		assert_int_equal(noise_write(&sides[1],
					     (struct bytes){ NULL, 0 }, out),
				 NOISE_ERR_REFUSED);
		pattern_pair(NOISE_IK, sides);
		memset(message + 32, 0, sizeof(message) - 32);
		assert_int_equal(noise_read(&sides[1],
					    (struct bytes){ message, 96 }, out),
				 NOISE_ERR_REFUSED);
	}
}

/* A flipped bit in any byte of any message is refused, or found in the next. */
static void test_flipped_bytes(void **state)
{
	(void)state;
	for (size_t at = 0; at < 96 + 48; at++) {
		struct noise sides[2];
		uint8_t message[2][128], out[128];
		struct bytes none = { NULL, 0 };
		int r;

		pattern_pair(NOISE_IKPSK2, sides);
		assert_int_equal(noise_write(&sides[0], none, message[0]), 0);
		if (at < 96)
			message[0][at] ^= 0x10;
		r = noise_read(&sides[1], (struct bytes){ message[0], 96 },
			       out);
		if (at < 96) {
			assert_int_equal(r, NOISE_ERR_REFUSED);
			continue;
		}
		assert_int_equal(r, 0);
		assert_int_equal(noise_write(&sides[1], none, message[1]), 0);
		message[1][at - 96] ^= 0x10;
		assert_int_equal(noise_read(&sides[0],
					    (struct bytes){ message[1], 48 },
					    out),
				 NOISE_ERR_REFUSED);
	}
}

static void test_short_message(void **state)
{
	struct noise sides[2];
	uint8_t message[128] = { 0 }, out[128];

	(void)state;
	for (size_t n = 0; n < 96; n++) {
		pattern_pair(NOISE_IKPSK2, sides);
		assert_int_equal(noise_read(&sides[1],
					    (struct bytes){ message, n }, out),
				 NOISE_ERR_REFUSED);
	}
}

static void test_cipher(void **state)
{
	struct noise_cipher a = { { 5 }, 0 }, b = a;
	struct bytes ad = { NULL, 0 };
	const uint8_t text[] = "sixteen  letters";
	uint8_t sealed[64], out[64];

	(void)state;
	assert_int_equal(noise_seal(&a, ad, BYTES(text), sealed), 0);
	/* Out of order, then in order, then replayed. */
	b.n = 1;
	assert_int_equal(noise_open(&b, ad, (struct bytes){ sealed, 33 }, out),
			 NOISE_ERR_REFUSED);
	b.n = 0;
	assert_int_equal(noise_open(&b, ad, (struct bytes){ sealed, 33 }, out),
			 0);
	assert_memory_equal(out, text, sizeof(text));
	assert_int_equal(noise_open(&b, ad, (struct bytes){ sealed, 33 }, out),
			 NOISE_ERR_REFUSED);
	noise_rekey(&a);
	assert_memory_not_equal(a.key, b.key, 32);
	noise_rekey(&b);
	assert_memory_equal(a.key, b.key, 32);
	assert_int_equal(a.n, 1);
	/* The last number is Rekey's own: it is never a message's. */
	a.n = UINT64_MAX;
	assert_int_equal(noise_seal(&a, ad, BYTES(text), sealed),
			 NOISE_ERR_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written_vectors),
		cmocka_unit_test(test_file_vectors),
		cmocka_unit_test(test_all_patterns),
		cmocka_unit_test(test_low_order),
		cmocka_unit_test(test_flipped_bytes),
		cmocka_unit_test(test_short_message),
		cmocka_unit_test(test_cipher),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
