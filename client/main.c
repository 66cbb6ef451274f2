/*
 * fob: asks the daemon. One run is one command; what all commands share is
 * read here, and what was asked of the person is wiped here.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "client/command.h"
#include "client/passphrase.h"
#include "client/print.h"
#include "client/report.h"

/* In the order of `fob help`. */
static const struct command *const commands[] = {
	&cmd_init,	&cmd_status,	   &cmd_unlock,	 &cmd_lock,
	&cmd_unlocked,	&cmd_passphrase,   &cmd_code,	 &cmd_list,
	&cmd_show,	&cmd_add,	   &cmd_edit,	 &cmd_rm,
	&cmd_trash,	&cmd_purge,	   &cmd_history, &cmd_revert,
	&cmd_conflicts, &cmd_resolve,	   &cmd_qr,	 &cmd_scan,
	&cmd_import,	&cmd_export,	   &cmd_invite,	 &cmd_join,
	&cmd_devices,	&cmd_device,	   &cmd_rotate,	 &cmd_quarantine,
	&cmd_doctor,	&cmd_backup_codes, &cmd_group,	 &cmd_apart,
	&cmd_kit,	&cmd_snapshot,	   &cmd_recover, &cmd_migrate,
	&cmd_peer,	&cmd_sync,	   &cmd_log,	 &cmd_events,
	&cmd_yubikey,
};

static const char head[] = "Usage: fob [options] COMMAND [arguments]\n"
			   "\n"
			   "Second factors on all of your devices.\n"
			   "\n"
			   "Commands:\n";

static const char tail[] =
	"  help [COMMAND]     this page, or that of a command\n"
	"\n"
	"Options of every command:\n"
	"  --socket PATH           where the daemon listens (FOB_SOCKET)\n"
	"  --json                  one JSON document, errors too\n"
	"  --passphrase-file FILE  its first line, for unlocking and confirming\n"
	"                          (FOB_PASSPHRASE_FILE)\n"
	"  --passphrase-fd N       the same from an open descriptor\n"
	"  --key-file FILE         a key file instead of the passphrase\n"
	"  --fido2                 a security key instead of the passphrase\n"
	"  --timeout SECONDS       how long to wait for an answer (30)\n"
	"  --no-color              no colour (NO_COLOR)\n"
	"  -q, --quiet             no hints and warnings\n"
	"  -y, --yes               yes to all questions\n"
	"  -h, --help              this page, or that of the command\n"
	"  --version               the version\n"
	"\n"
	"Example:\n"
	"  $ fob code github\n"
	"  492039\n";

static void print_help(FILE *out)
{
	size_t i;

	fputs(head, out);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-18s %s\n", commands[i]->name,
			commands[i]->brief);
	fputs(tail, out);
}

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *c = commands[i];

		if (strcmp(c->name, name) == 0 ||
		    (c->alias && strcmp(c->alias, name) == 0))
			return c;
	}
	return NULL;
}

static int unknown(struct fob *fob, const char *name)
{
	return fail(fob, STATUS_USAGE, "no such command: %s (see fob help)",
		    name);
}

static int help(struct fob *fob, const char *name)
{
	const struct command *command;

	if (!name) {
		print_help(stdout);
		return print_done(fob);
	}
	command = find(name);
	if (!command)
		return unknown(fob, name);
	fputs(command->help, stdout);
	return print_done(fob);
}

static int dispatch(struct fob *fob, char **argv)
{
	if (!options_global(fob, argv, &argv))
		return fob->status;
	if (fob->version) {
		puts("fob " FOB_VERSION);
		return print_done(fob);
	}
	if (argv[0] && strcmp(argv[0], "help") == 0)
		return help(fob, argv[1]);
	if (fob->help)
		return help(fob, argv[0]);
	if (!argv[0]) {
		if (fob->json)
			return fail(fob, STATUS_USAGE, "missing: COMMAND");
		print_help(stderr);
		return STATUS_USAGE;
	}
	fob->command = find(argv[0]);
	if (!fob->command)
		return unknown(fob, argv[0]);
	return fob->command->run(fob, argv + 1);
}

/* Errors in the options must be JSON too, before --json was come to. */
static bool json_asked(char **argv)
{
	for (; *argv && strcmp(*argv, "--") != 0; argv++)
		if (strcmp(*argv, "--json") == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct fob fob = { .program = argc > 0 ? argv[0] : "fob" };
	int status;

	if (argc < 1)
		return STATUS_USAGE;
	/* A closed pipe is an error of writing, which is told. */
	signal(SIGPIPE, SIG_IGN);
	fob.json = json_asked(argv + 1);
	daemon_init(&fob.daemon);
	status = dispatch(&fob, argv + 1);
	daemon_close(&fob.daemon);
	passphrase_free(&fob.passphrase);
	return status;
}
