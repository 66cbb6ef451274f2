/* fob kit: the recovery kit is proven, and replaced. */
#include <sodium.h>
#include <string.h>

#include "client/account.h"
#include "client/ask.h"
#include "client/kit_show.h"
#include "client/kit_words.h"
#include "client/print.h"
#include "client/report.h"
#include "proto/secret.h"

struct kit_options {
	char *file;
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

/* --- verify ---------------------------------------------------------------- */

static int verify(struct fob *fob, const struct kit_options *o)
{
	uint8_t *seed AUTO_KIT_WORDS = NULL;
	struct json json AUTO_JSON = { 0 };
	int r;

	(void)o;
	r = kit_words_read(fob, &seed);
	if (r == 0)
		r = send_kit(fob, "verify", seed, NULL);
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

static int told(struct fob *fob, const struct kit_options *o, const char *words)
{
	struct json json AUTO_JSON = { 0 };

	if (!fob->json) {
		note(fob, "This is the kit now. The old words open only the "
			  "snapshots made before.");
		return print_done(fob);
	}
	json_object(&json, NULL);
	if (o->file)
		json_text(&json, "kit", o->file);
	else
		json_text(&json, "words", words);
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
	bool person = print_terminal(fob) && !o->file;
	int r;

	bip39_write(words, (struct bytes){ next, BIP39_ENTROPY_MAX });
	r = kit_file_open(fob, &file, o->file);
	if (r == 0 && o->file)
		r = kit_file_write(fob, &file, words);
	if (r == 0 && person) {
		kit_show(fob, words);
		if (!kit_ask_back(fob, words))
			r = fail(fob, STATUS_REFUSED,
				 "the new words are not known: the old kit "
				 "stays");
	}
	if (r == 0)
		r = send_kit(fob, "new", seed, next);
	if (r != 0 && o->file)
		note(fob, "The words in %s are not the kit of the vault.",
		     o->file);
	if (r == 0 && !person && !o->file && !fob->json)
		kit_show(fob, words);
	if (r == 0)
		r = told(fob, o, words);
	sodium_memzero(words, sizeof(words));
	return r;
}

static int new (struct fob *fob, const struct kit_options *o)
{
	uint8_t *seed AUTO_KIT_WORDS = NULL;
	uint8_t *next AUTO_KIT_WORDS = secret_alloc(BIP39_ENTROPY_MAX);
	int r;

	if (!next)
		return fail(fob, STATUS_FAILED, "no locked memory to be had");
	r = kit_words_read(fob, &seed);
	if (r == 0)
		r = send_kit(fob, "verify", seed, NULL);
	if (r == 0)
		r = ask_unlock(fob);
	if (r != 0)
		return r;
	randombytes_buf(next, BIP39_ENTROPY_MAX);
	return replace(fob, o, seed, next);
}

static int run_kit(struct fob *fob, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct fob *fob, const struct kit_options *o);
	} verbs[] = {
		{ "verify", verify },
		{ "new", new },
	};
	struct kit_options o = { 0 };
	const struct option table[] = {
		{ "kit", 0, OPTION_TEXT, &o.file },
	};
	size_t i;

	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &o.arguments) ||
	    !options_exactly(fob, &o.arguments, 1, "verify or new"))
		return fob->status;
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(o.arguments.list[0], verbs[i].name) == 0)
			return verbs[i].run(fob, &o);
	return fail(fob, STATUS_USAGE, "kit %s: verify or new",
		    o.arguments.list[0]);
}

const struct command cmd_kit = {
	.name = "kit",
	.brief = "prove or replace the recovery kit",
	.help = "Usage: fob kit verify\n"
		"       fob kit new [--kit FILE]\n"
		"\n"
		"The words are read from the terminal, or from standard\n"
		"input.\n"
		"\n"
		"verify proves that they open this vault, and changes nothing\n"
		"but the date of the last drill.\n"
		"\n"
		"new asks for the words of today and makes others in their\n"
		"place. The keys of all groups change with them. The new\n"
		"words are shown before the old ones are void.\n"
		"\n"
		"  --kit FILE  the new words go into FILE, not on the screen\n"
		"\n"
		"Example:\n"
		"  $ fob kit verify\n"
		"  The 24 words of the recovery kit:\n"
		"  These words open this vault.\n",
	.run = run_kit,
};
