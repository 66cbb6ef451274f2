/* fob init: makes a vault, and sees to it that the recovery kit is kept. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/account.h"
#include "client/ask.h"
#include "client/kit/bip39.h"
#include "client/passphrase.h"
#include "client/print.h"
#include "client/prompt.h"
#include "client/report.h"

#define WORDS 24
#define ROWS 6		 /* in which they are shown at a terminal */
#define QUESTIONS 3	 /* words asked back */
#define QUESTION_TRIES 3 /* for each of them */

struct init_options {
	char *name, *kit;
	int kit_fd; /* -1: the words are printed */
};

/* --- the kit -------------------------------------------------------------- */

/* Before anything else: afterwards there would be no place for the words. */
static int open_kit(struct fob *fob, struct init_options *o)
{
	o->kit_fd = -1;
	if (!o->kit)
		return 0;
	o->kit_fd = open(o->kit,
			 O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			 0600);
	if (o->kit_fd < 0)
		return fail(fob, STATUS_FAILED, "cannot make %s: %s", o->kit,
			    strerror(errno));
	return 0;
}

static void drop_kit(struct init_options *o)
{
	if (o->kit_fd < 0)
		return;
	close(o->kit_fd);
	unlink(o->kit);
	o->kit_fd = -1;
}

static int sync_folder(const char *path)
{
	char *copy AUTO_FREE = strdup(path);
	char *slash;
	int fd, r;

	if (!copy)
		return -1;
	slash = strrchr(copy, '/');
	if (slash)
		slash[slash == copy ? 1 : 0] = '\0';
	fd = open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	r = fsync(fd);
	close(fd);
	return r;
}

static int write_kit(struct fob *fob, struct init_options *o, const char *words)
{
	size_t n = strlen(words);
	bool done = write(o->kit_fd, words, n) == (ssize_t)n &&
		    write(o->kit_fd, "\n", 1) == 1 && fsync(o->kit_fd) == 0;

	close(o->kit_fd);
	o->kit_fd = -1;
	if (!done || sync_folder(o->kit) != 0)
		return fail(fob, STATUS_FAILED,
			    "the vault is made, but the kit could not be "
			    "written to %s: %s",
			    o->kit, strerror(errno));
	note(fob, "The recovery kit is in %s. Put it where no device is.",
	     o->kit);
	return 0;
}

static const char *word_at(const char *words, size_t i, size_t *ret_n)
{
	while (i-- > 0)
		words = strchr(words, ' ') + 1;
	*ret_n = strcspn(words, " ");
	return words;
}

static void print_words(struct fob *fob, const char *words)
{
	size_t row, column, n;

	if (!print_terminal(fob)) {
		puts(words);
		return;
	}
	note(fob, "The recovery kit. Write it down; it is shown only now.\n"
		  "Who has it has the vault, and nothing else brings back "
		  "the vault\nwhen all devices are lost.\n");
	for (row = 0; row < ROWS; row++) {
		for (column = 0; column < WORDS / ROWS; column++) {
			size_t i = column * ROWS + row;
			const char *word = word_at(words, i, &n);

			printf("%4zu. %-10.*s", i + 1, (int)n, word);
		}
		putchar('\n');
	}
	fflush(stdout);
}

static bool right_word(const char *words, size_t i)
{
	char question[64], typed[32];
	size_t n;
	const char *word = word_at(words, i, &n);

	snprintf(question, sizeof(question), "Word %zu: ", i + 1);
	if (prompt_line(question, typed, sizeof(typed)) != 0)
		return false;
	return strlen(typed) == n && strncmp(typed, word, n) == 0;
}

/* Three different words, one from each third. */
static void ask_back(struct fob *fob, const char *words)
{
	size_t i, tries;

	if (fob->yes || !print_terminal(fob) || !prompt_possible())
		return;
	note(fob, "\nTo be sure, type three of them again.");
	for (i = 0; i < QUESTIONS; i++) {
		size_t third = WORDS / QUESTIONS;
		size_t at = i * third + randombytes_uniform((uint32_t)third);

		for (tries = 0; !right_word(words, at); tries++) {
			if (tries + 1 == QUESTION_TRIES) {
				warn(fob, "what you have written down is not "
					  "the kit: compare it now");
				return;
			}
			note(fob, "That is another word.");
		}
	}
	note(fob, "The kit is right.");
}

/* --- the vault ------------------------------------------------------------ */

static int as_json(struct fob *fob, const struct init_options *o,
		   const Fob__Made *made, const char *words)
{
	struct json json AUTO_JSON = { 0 };

	json_object(&json, NULL);
	json_hex(&json, "vault", account_bytes(made->vault));
	json_hex(&json, "device", account_bytes(made->device));
	if (o->kit)
		json_text(&json, "kit", o->kit);
	else
		json_text(&json, "words", words);
	json_object_end(&json);
	return print_json(fob, &json);
}

static int made_it(struct fob *fob, struct init_options *o,
		   const Fob__Made *made)
{
	char words[BIP39_TEXT_SIZE];
	int r = 0;

	if (made->recovery_seed.len != BIP39_ENTROPY_MAX)
		return fail(fob, STATUS_FAILED, "the daemon gave no kit");
	bip39_write(words, account_bytes(made->recovery_seed));
	if (o->kit)
		r = write_kit(fob, o, words);
	if (r == 0 && fob->json) {
		r = as_json(fob, o, made, words);
	} else if (r == 0 && !o->kit) {
		print_words(fob, words);
		r = print_done(fob);
		if (r == 0)
			ask_back(fob, words);
	}
	sodium_memzero(words, sizeof(words));
	return r;
}

static int fill_secrets(struct fob *fob, Fob__InitAsk *init,
			struct passphrase **passphrase, struct key_file **key)
{
	int r = 0;

	if (fob->key_file) {
		r = key_file_read(fob, fob->key_file, key);
		if (r != 0)
			return r;
		init->key_file.data = (*key)->bytes;
		init->key_file.len = (*key)->n;
		/* Without a terminal to ask at, the key file is enough. */
		if (passphrase_typed(fob) && !prompt_possible()) {
			init->no_passphrase = true;
			return 0;
		}
	}
	r = passphrase_new(fob, NULL, fob->key_file != NULL, passphrase);
	if (r != 0)
		return r;
	init->passphrase.data = (*passphrase)->bytes;
	init->passphrase.len = (*passphrase)->n;
	init->no_passphrase = (*passphrase)->n == 0;
	return 0;
}

static int send_init(struct fob *fob, struct init_options *o)
{
	struct passphrase *passphrase AUTO_PASSPHRASE = NULL;
	struct key_file *key AUTO_KEY_FILE = NULL;
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__InitAsk init;
	int r;

	fob__init_ask__init(&init);
	r = fill_secrets(fob, &init, &passphrase, &key);
	if (r != 0)
		return r;
	if (o->name)
		init.name = o->name;
	request.init = &init;
	r = ask(fob, &request, &answers);
	if (r != 0)
		return r;
	if (!answers.list[0].reply->made)
		return fail(fob, STATUS_FAILED, "the daemon made nothing");
	return made_it(fob, o, answers.list[0].reply->made);
}

/* Is there anything to be done, before the person thinks of a passphrase? */
static int check_empty(struct fob *fob)
{
	struct answers answers AUTO_ANSWERS = { 0 };
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__StatusAsk status = FOB__STATUS_ASK__INIT;
	const Fob__VaultStatus *s;
	int r;

	request.status = &status;
	r = ask(fob, &request, &answers);
	if (r != 0)
		return r;
	s = answers.list[0].reply->vault;
	if (s && s->vault.len > 0)
		return fail(fob, STATUS_CONFLICT,
			    "there is a vault already; nothing was changed");
	return 0;
}

static int run_init(struct fob *fob, char **argv)
{
	struct init_options o = { .kit_fd = -1 };
	const struct option table[] = {
		{ "name", 0, OPTION_TEXT, &o.name },
		{ "kit", 0, OPTION_TEXT, &o.kit },
	};
	struct texts arguments;
	int r;

	if (!options_parse(fob, argv, table, ARRAY_SIZE(table), &arguments) ||
	    !options_exactly(fob, &arguments, 0, ""))
		return fob->status;
	r = check_empty(fob);
	if (r == 0)
		r = open_kit(fob, &o);
	if (r == 0)
		r = send_init(fob, &o);
	/* Still open means that there are no words in it. */
	drop_kit(&o);
	return r;
}

const struct command cmd_init = {
	.name = "init",
	.brief = "make a vault on this device",
	.help = "Usage: fob init [--name DEVICE] [--kit FILE]\n"
		"       [--key-file FILE]\n"
		"\n"
		"Makes a vault, with this device as its first. The passphrase\n"
		"is for this device only. The recovery kit, 24 words, is shown\n"
		"once: it brings the vault back when all devices are lost.\n"
		"\n"
		"  --name DEVICE     what others see; the host's name if not\n"
		"  --kit FILE        write the words to a new file (0600)\n"
		"  --key-file FILE   unlock with this file, too\n"
		"\n"
		"Example:\n"
		"  $ fob init --name laptop\n",
	.run = run_init,
};
