/*
 * Where things are unless an option says otherwise, by the XDG base
 * directories. FOB_PROFILE=work makes "fob-work" of each "fob". The client
 * looks for the socket in the same order; the two have to agree.
 */
#ifndef FOB_HOST_PATHS_H
#define FOB_HOST_PATHS_H

#include "proto/base.h"

#define PATHS_BYTES 4096 /* with the NUL */

enum paths_error {
	PATHS_ERR_HOME = 1, /* neither the variable nor HOME is set */
	PATHS_ERR_PROFILE,  /* FOB_PROFILE is no plain name */
	PATHS_ERR_LONG,
};

/* "fob", or "fob-PROFILE". 0, PATHS_ERR_PROFILE. */
int paths_name(char ret[static 64]);

/* $XDG_DATA_HOME/fob, ~/.local/share/fob. */
int paths_vault(char ret[static PATHS_BYTES]);

/* $XDG_CONFIG_HOME/fob/fobd.conf, ~/.config/fob/fobd.conf. */
int paths_config(char ret[static PATHS_BYTES]);

/*
 * $XDG_RUNTIME_DIR/fob/fobd.sock; without that variable the same below
 * /run/user/UID, if that is ours and 0700; else run/fobd.sock in the vault.
 */
int paths_socket(const char *vault, char ret[static PATHS_BYTES]);

/*
 * Is the vault in a folder that a program of files (Syncthing, Dropbox,
 * Nextcloud, Resilio) keeps equal on several machines? They leave a mark in
 * its top folder. ret_top: that folder.
 */
bool paths_synced(const char *vault, char ret_top[static PATHS_BYTES]);

#endif
