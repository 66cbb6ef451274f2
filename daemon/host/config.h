/*
 * What fobd is told: by its options, then by its file, whose keys have the
 * same names. An option wins over the file. Whatever is not understood is an
 * error with its line; a file that others may write is not read at all.
 */
#ifndef FOB_HOST_CONFIG_H
#define FOB_HOST_CONFIG_H

#include "daemon/host/log.h"
#include "daemon/host/paths.h"
#include "proto/base.h"

#define CONFIG_LISTEN_MAX 8
#define CONFIG_LISTEN_DEFAULT "[::]:47362"
#define CONFIG_MESSAGE 512
#define CONFIG_SNAPSHOT_KEEP 7
#define CONFIG_SNAPSHOT_DELAY 300 /* seconds */
#define CONFIG_FILE_MAX 65536	  /* bytes */

enum config_error {
	CONFIG_ERR_WRONG = 1, /* message says what and where */
};

struct config {
	char vault[PATHS_BYTES], socket[PATHS_BYTES], file[PATHS_BYTES];
	char passphrase_file[PATHS_BYTES];
	char listen[CONFIG_LISTEN_MAX][64];
	size_t n_listen;
	bool no_listen, keeper, no_discovery, insecure_memory, allow_root;
	bool help, version;
	enum log_level log_level;
	uint64_t idle_lock;		/* seconds; 0: never */
	char snapshot_dir[PATHS_BYTES]; /* empty: none are made */
	unsigned int snapshot_keep;
	uint64_t snapshot_delay; /* seconds after a change */
	/* What was given, by place in the table: options win over the file. */
	uint32_t given, from_file;
	char message[CONFIG_MESSAGE]; /* of the last CONFIG_ERR_WRONG */
	int argc;
	char **argv; /* borrowed */
};

void config_init(struct config *config);

/* 0 or CONFIG_ERR_WRONG: wrong usage. */
int config_arguments(struct config *config, int argc, char **argv);

/*
 * Reads the file that --config names (which must be there), else the usual
 * one (which need not). 0, CONFIG_ERR_WRONG or -errno.
 */
int config_read(struct config *config);

/* Fills in what nobody gave: vault, socket, listen. 0, CONFIG_ERR_WRONG. */
int config_defaults(struct config *config);

/* Reads the same options and the file as it is now. 0, CONFIG_ERR_WRONG. */
int config_again(const struct config *config, struct config *ret);

/* The text of --help. */
const char *config_help(void);

#endif
