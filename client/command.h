/*
 * What all commands share: the state of one run of fob, and the table of
 * commands. A command is a file cmd_<name>.c with one table row, which holds
 * its help page too, so that the page is where the options are read.
 */
#ifndef FOB_CLIENT_COMMAND_H
#define FOB_CLIENT_COMMAND_H

#include "client/daemon.h"
#include "client/options.h"
#include "proto/status.h"

struct passphrase;

/* One run. Zeroed at the start, but for what main() sets. */
struct fob {
	const struct command *command;
	const char *program; /* argv[0], to find the helper programs */
	char *socket;
	char *passphrase_file;
	struct number passphrase_fd;
	char *key_file;
	struct number timeout; /* seconds */
	bool json, quiet, yes, no_color, help, version;
	bool fido2;		       /* a security key, not the passphrase */
	int status;		       /* what options_parse() stopped with */
	struct passphrase *passphrase; /* asked for in this run, or NULL */
	struct daemon daemon;
};

struct command {
	const char *name;
	const char *alias; /* or NULL */
	const char *brief; /* one line of `fob help` */
	const char *help;  /* the whole page, with an example */
	/* argv without the name, ends with NULL; returns the exit status */
	int (*run)(struct fob *fob, char **argv);
};

extern const struct command cmd_add, cmd_apart, cmd_backup_codes, cmd_code,
	cmd_conflicts, cmd_device, cmd_devices, cmd_doctor, cmd_edit,
	cmd_events, cmd_export, cmd_group, cmd_history, cmd_import, cmd_init,
	cmd_invite, cmd_join, cmd_list, cmd_lock, cmd_log, cmd_migrate,
	cmd_passphrase, cmd_peer, cmd_purge, cmd_qr, cmd_quarantine,
	cmd_resolve, cmd_revert, cmd_rm, cmd_rotate, cmd_scan, cmd_show,
	cmd_status, cmd_sync, cmd_trash, cmd_unlock, cmd_unlocked, cmd_kit,
	cmd_snapshot, cmd_recover, cmd_yubikey;

/* Milliseconds for an answer: --timeout, or the seconds given here. */
uint32_t command_timeout(const struct fob *fob, uint32_t seconds);

#define COMMAND_TIMEOUT 30	/* seconds */
#define COMMAND_TIMEOUT_LONG 60 /* join, recover */

#endif
