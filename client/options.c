#include "client/options.h"

#include <stdio.h>
#include <string.h>

#include "client/command.h"
#include "client/report.h"

#define GLOBALS 11

static void fill_globals(struct fob *fob, struct option ret[static GLOBALS])
{
	const struct option globals[GLOBALS] = {
		{ "fido2", 0, OPTION_FLAG, &fob->fido2 },
		{ "help", 'h', OPTION_FLAG, &fob->help },
		{ "json", 0, OPTION_FLAG, &fob->json },
		{ "key-file", 0, OPTION_TEXT, &fob->key_file },
		{ "no-color", 0, OPTION_FLAG, &fob->no_color },
		{ "passphrase-fd", 0, OPTION_NUMBER, &fob->passphrase_fd },
		{ "passphrase-file", 0, OPTION_TEXT, &fob->passphrase_file },
		{ "quiet", 'q', OPTION_FLAG, &fob->quiet },
		{ "socket", 0, OPTION_TEXT, &fob->socket },
		{ "timeout", 0, OPTION_NUMBER, &fob->timeout },
		{ "yes", 'y', OPTION_FLAG, &fob->yes },
	};

	memcpy(ret, globals, sizeof(globals));
}

bool options_number(const char *text, uint64_t *ret_value)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; text[i]; i++) {
		uint64_t digit = (uint64_t)(text[i] - '0');

		if (text[i] < '0' || text[i] > '9' ||
		    value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (i == 0)
		return false;
	*ret_value = value;
	return true;
}

/* Does the word name this option? *ret_value is what follows a "=". */
static bool names(const struct option *option, char *word, char **ret_value)
{
	size_t n = strlen(option->name);

	*ret_value = NULL;
	if (word[1] != '-')
		return word[1] == option->letter && word[2] == '\0';
	if (strncmp(word + 2, option->name, n) != 0)
		return false;
	if (word[2 + n] == '=')
		*ret_value = word + 2 + n + 1;
	return *ret_value || word[2 + n] == '\0';
}

static const struct option *look_up(const struct option *table, size_t n,
				    char *word, char **ret_value)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (names(&table[i], word, ret_value))
			return &table[i];
	return NULL;
}

static bool bad(struct fob *fob, const char *what, const char *word)
{
	fob->status = fail(fob, STATUS_USAGE, "%s: %s", what, word);
	return false;
}

static bool not_a_number(struct fob *fob, const char *name, const char *value)
{
	fob->status =
		fail(fob, STATUS_USAGE, "--%s: not a number: %s", name, value);
	return false;
}

static bool store(struct fob *fob, const struct option *option, char *value)
{
	if (option->kind == OPTION_TEXT) {
		*(char **)option->ret = value;
	} else if (option->kind == OPTION_NUMBER) {
		struct number *number = option->ret;

		if (!options_number(value, &number->value))
			return not_a_number(fob, option->name, value);
		number->set = true;
	} else {
		struct texts *texts = option->ret;

		if (texts->n == OPTIONS_TEXTS_MAX)
			return bad(fob, "given too often", option->name);
		texts->list[texts->n++] = value;
	}
	return true;
}

/* Takes the option at *argv, and its value, which may be the next word. */
static bool take(struct fob *fob, const struct option *option, char *value,
		 char ***argv)
{
	if (option->kind == OPTION_FLAG) {
		if (value)
			return bad(fob, "takes no value", **argv);
		*(bool *)option->ret = true;
		(*argv)++;
		return true;
	}
	if (!value) {
		value = (*argv)[1];
		if (!value)
			return bad(fob, "needs a value", **argv);
		(*argv)++;
	}
	(*argv)++;
	return store(fob, option, value);
}

static bool help_asked(struct fob *fob)
{
	if (!fob->help || !fob->command)
		return false;
	fputs(fob->command->help, stdout);
	fob->status = STATUS_OK;
	return true;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

static bool take_any(struct fob *fob, const struct option *own, size_t n_own,
		     char ***argv)
{
	struct option globals[GLOBALS];
	const struct option *option;
	char *value;

	fill_globals(fob, globals);
	option = look_up(own, n_own, **argv, &value);
	if (!option)
		option = look_up(globals, GLOBALS, **argv, &value);
	if (!option)
		return bad(fob, "no such option", **argv);
	return take(fob, option, value, argv);
}

bool options_parse(struct fob *fob, char **argv, const struct option *own,
		   size_t n_own, struct texts *ret_arguments)
{
	bool over = false;

	*ret_arguments = (struct texts){ .n = 0 };
	while (*argv) {
		if (!over && strcmp(*argv, "--") == 0) {
			over = true;
			argv++;
		} else if (!over && is_option(*argv)) {
			if (!take_any(fob, own, n_own, &argv))
				return false;
		} else if (ret_arguments->n == OPTIONS_TEXTS_MAX) {
			return bad(fob, "too many arguments", *argv);
		} else {
			ret_arguments->list[ret_arguments->n++] = *argv++;
		}
	}
	return !help_asked(fob);
}

bool options_global(struct fob *fob, char **argv, char ***ret_argv)
{
	const struct option version = { "version", 0, OPTION_FLAG,
					&fob->version };

	while (*argv && is_option(*argv))
		if (!take_any(fob, &version, 1, &argv))
			return false;
	*ret_argv = argv;
	return true;
}

bool options_one(struct fob *fob, const struct texts *arguments, char **ret_one)
{
	static char none[] = "";

	if (arguments->n > 1)
		return bad(fob, "one argument too many", arguments->list[1]);
	*ret_one = arguments->n == 1 ? arguments->list[0] : none;
	return true;
}

bool options_exactly(struct fob *fob, const struct texts *arguments, size_t n,
		     const char *what)
{
	if (arguments->n > n)
		return bad(fob, "one argument too many", arguments->list[n]);
	if (arguments->n < n)
		return bad(fob, "missing", what);
	return true;
}
