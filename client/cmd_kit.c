/* fob kit: the recovery kit is proven, replaced, split and printed. */
#include <sodium.h>
#include <string.h>

#include "client/account.h"
#include "client/ask.h"
#include "client/kit/slip39.h"
#include "client/kit_sheet.h"
#include "client/kit_show.h"
#include "client/kit_words.h"
#include "client/print.h"
#include "client/report.h"
#include "proto/secret.h"

/*
 * Of the iterations, as other programs choose it. Without a passphrase there
 * is nothing that more of them would make safer.
 */
#define SPLIT_EXPONENT 1

struct kit_options {
	char *file;
	struct number threshold, shares;
	struct kit_sheet sheet;
	struct texts arguments; /* what to do */
};

static ProtobufCBinaryData seed_data(uint8_t *seed)
{
	return (ProtobufCBinaryData){ BIP39_ENTROPY_MAX, seed };
}

static int send_kit(struct fob *fob, const char *op, uint8_t *seed,
		    uint8_t *next)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__KitAsk kit = FOB__KIT_ASK__INIT;
	char text[16] = { 0 };

	memcpy(text, op, size_min(strlen(op), sizeof(text) - 1));
	kit.op = text;
	kit.seed = seed_data(seed);
	if (next)
		kit.next = seed_data(next);
	request.kit = &kit;
	return ask_plain(fob, &request);
}

/* Reads the words or shares; they are those of this vault. */
static int read_proven(struct fob *fob, uint8_t **ret_seed)
{
	bool shares = false;
	int r = kit_words_or_shares(fob, ret_seed, &shares);

	if (r == 0)
		r = send_kit(fob, "verify", *ret_seed, NULL);
	if (r == STATUS_REFUSED && *ret_seed && shares)
		note(fob, "The shares fit together: these shares are of "
			  "another kit.");
	return r;
}

/* --- verify ---------------------------------------------------------------- */

static int verify(struct fob *fob, const struct kit_options *o)
{
	uint8_t *seed AUTO_KIT_WORDS = NULL;
	struct json json AUTO_JSON = { 0 };
	int r;

	(void)o;
	r = read_proven(fob, &seed);
	if (r != 0)
		return r;
	if (!fob->json) {
		note(fob, "These words open this vault.");
		return STATUS_OK;
	}
	json_object(&json, NULL);
	json_bool(&json, "opens", true);
	json_object_end(&json);
	return print_json(fob, &json);
}

/* --- new ------------------------------------------------------------------- */

static int told(struct fob *fob, const struct kit_options *o)
{
	struct json json AUTO_JSON = { 0 };

	if (!fob->json) {
		note(fob, "This is the kit now. The old words open only the "
			  "snapshots made before.");
		return print_done(fob);
	}
	json_object(&json, NULL);
	json_text(&json, "kit", o->file);
	json_object_end(&json);
	return print_json(fob, &json);
}

/*
 * The new words are with the person before the old ones go: a power cut in
 * between must not leave a vault with a kit that nobody has seen.
 */
static int replace(struct fob *fob, const struct kit_options *o, uint8_t *seed,
		   uint8_t *next)
{
	struct kit_file file = { .fd = -1 };
	char words[BIP39_TEXT_SIZE];
	bool shown = false;
	int r;

	bip39_write(words, (struct bytes){ next, BIP39_ENTROPY_MAX });
	r = kit_file_open(fob, &file, o->file);
	if (r == 0 && o->file) {
		r = kit_file_write(fob, &file, words);
		shown = r == 0;
	} else if (r == 0) {
		kit_show(fob, words);
		r = print_done(fob);
		shown = true;
	}
	if (r == 0 && !o->file && !kit_ask_back(fob, words))
		r = fail(fob, STATUS_REFUSED,
			 "the new words are not known: the old kit stays");
	if (r == 0)
		r = send_kit(fob, "new", seed, next);
	if (r != 0 && shown)
		note(fob, "Keep the old words, too: fob kit verify tells which "
			  "are the kit.");
	if (r == 0)
		r = told(fob, o);
	sodium_memzero(words, sizeof(words));
	return r;
}

static int new (struct fob *fob, const struct kit_options *o)
{
	uint8_t *seed AUTO_KIT_WORDS = NULL;
	uint8_t *next AUTO_KIT_WORDS = secret_alloc(BIP39_ENTROPY_MAX);
	int r;

	if (fob->json && !o->file)
		return fail(fob, STATUS_USAGE,
			    "kit new --json needs --kit FILE: the new words "
			    "must be safe before the old ones are void");
	if (!next)
		return fail(
			fob, STATUS_FAILED,
			"no locked memory to be had: raise the limit (ulimit -l)");
	r = read_proven(fob, &seed);
	if (r == 0)
		r = ask_unlock(fob);
	if (r != 0)
		return r;
	randombytes_buf(next, BIP39_ENTROPY_MAX);
	return replace(fob, o, seed, next);
}

/* --- split ----------------------------------------------------------------- */

struct splitting {
	struct slip39_share shares[SHAMIR_SHARES_MAX];
	uint8_t random[SHAMIR_SHARES_MAX * SHAMIR_VALUE_MAX];
	char text[SLIP39_TEXT_SIZE];
};

static void fill(struct splitting *s, const struct kit_options *o,
		 uint8_t *seed)
{
	randombytes_buf(s->random, sizeof(s->random));
	slip39_split(s->shares, (struct bytes){ seed, BIP39_ENTROPY_MAX },
		     &(struct slip39_plan){
			     .threshold = (size_t)o->threshold.value,
			     .count = (size_t)o->shares.value,
			     .id = (uint16_t)randombytes_uniform(1u << 15),
			     .exponent = SPLIT_EXPONENT,
			     .random = s->random,
		     });
}

static int print_shares(struct fob *fob, const struct kit_options *o,
			struct splitting *s)
{
	struct json json AUTO_JSON = { 0 };
	size_t i;

	json_object(&json, NULL);
	json_number(&json, "threshold", o->threshold.value);
	json_array(&json, "shares");
	for (i = 0; i < o->shares.value; i++) {
		slip39_write(s->text, &s->shares[i]);
		if (fob->json)
			json_text(&json, NULL, s->text);
		else if (print_terminal(fob))
			printf("Share %zu of %zu\n%s\n\n", i + 1,
			       (size_t)o->shares.value, s->text);
		else
			puts(s->text);
	}
	json_array_end(&json);
	json_object_end(&json);
	return fob->json ? print_json(fob, &json) : print_done(fob);
}

static int split(struct fob *fob, const struct kit_options *o)
{
	uint8_t *seed AUTO_KIT_WORDS = NULL;
	struct splitting *s AUTO_SECRET = NULL;
	uint64_t k = o->threshold.value, n = o->shares.value;
	int r;

	if (!o->threshold.set || !o->shares.set)
		return fail(fob, STATUS_USAGE, "kit split -k K -n N");
	if (k < 2 || k > n || n > SHAMIR_SHARES_MAX)
		return fail(fob, STATUS_USAGE,
			    "of at most %d shares, at least 2 and at most all "
			    "bring the kit back",
			    SHAMIR_SHARES_MAX);
	r = read_proven(fob, &seed);
	if (r != 0)
		return r;
	s = secret_alloc(sizeof(*s));
	if (!s)
		return fail(
			fob, STATUS_FAILED,
			"no locked memory to be had: raise the limit (ulimit -l)");
	fill(s, o, seed);
	r = print_shares(fob, o, s);
	if (r == 0)
		note(fob,
		     "Any %zu of these %zu shares are the kit; fewer say "
		     "nothing. Give each to\nanother place or person. They are "
		     "of one splitting, and do not mix with\nthose of another.",
		     (size_t)k, (size_t)n);
	return r;
}

/* --- sheet ----------------------------------------------------------------- */

static int sheet(struct fob *fob, const struct kit_options *o)
{
	uint8_t *seed AUTO_KIT_WORDS = NULL;
	char words[BIP39_TEXT_SIZE];
	int r;

	if (!o->sheet.path)
		return fail(fob, STATUS_USAGE, "kit sheet -o FILE");
	r = read_proven(fob, &seed);
	if (r != 0)
		return r;
	bip39_write(words, (struct bytes){ seed, BIP39_ENTROPY_MAX });
	r = kit_sheet_make(fob, &o->sheet, words);
	sodium_memzero(words, sizeof(words));
	return r;
}

static int run_kit(struct fob *fob, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct fob *fob, const struct kit_options *o);
	} verbs[] = {
		{ "verify", verify },
		{ "new", new },
		{ "split", split },
		{ "sheet", sheet },
	};
	struct kit_options o = { 0 };
	const struct option table[] = {
		{ "kit", 0, OPTION_TEXT, &o.file },
		{ "threshold", 'k', OPTION_NUMBER, &o.threshold },
		{ "shares", 'n', OPTION_NUMBER, &o.shares },
		{ "output", 'o', OPTION_TEXT, &o.sheet.path },
		{ "force", 0, OPTION_FLAG, &o.sheet.force },
	};
	size_t i;

	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &o.arguments) ||
	    !options_exactly(fob, &o.arguments, 1,
			     "verify, new, split or sheet"))
		return fob->status;
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(o.arguments.list[0], verbs[i].name) == 0)
			return verbs[i].run(fob, &o);
	return fail(fob, STATUS_USAGE, "kit %s: verify, new, split or sheet",
		    o.arguments.list[0]);
}

const struct command cmd_kit = {
	.name = "kit",
	.brief = "prove, replace, split or print the recovery kit",
	.help = "Usage: fob kit verify\n"
		"       fob kit new [--kit FILE]\n"
		"       fob kit split -k K -n N\n"
		"       fob kit sheet -o FILE [--force]\n"
		"\n"
		"The words, or shares of them, are read from the terminal,\n"
		"or from standard input: a share a line.\n"
		"\n"
		"verify proves that they open this vault, and changes nothing\n"
		"but the date of the last drill.\n"
		"\n"
		"new asks for the words of today and makes others in their\n"
		"place. The keys of all groups change with them. The new\n"
		"words are shown before the old ones are void.\n"
		"\n"
		"split prints N shares (SLIP-39, 33 words each), any K of\n"
		"which are as good as the words. The words stay good.\n"
		"\n"
		"sheet writes a page to print (SVG, A4): the words, a QR code\n"
		"of them, where the vault is, and what to do on the day.\n"
		"\n"
		"  --kit FILE         the new words go into FILE, not on the\n"
		"                     screen; --json needs it\n"
		"  -k, --threshold K  how many shares it takes, from 2\n"
		"  -n, --shares N     how many there are, up to 16\n"
		"  -o, --output FILE  where the page goes\n"
		"      --force        a file of that name is replaced\n"
		"\n"
		"Example:\n"
		"  $ fob kit verify\n"
		"  The 24 words of the recovery kit, or a share:\n"
		"  These words open this vault.\n",
	.run = run_kit,
};
