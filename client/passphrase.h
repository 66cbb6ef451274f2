/*
 * Where passphrases and key files come from: --passphrase-fd, then
 * --passphrase-file, then FOB_PASSPHRASE_FILE, then the terminal. Never argv
 * and never a variable's value. What was given lives in secret memory, is
 * asked for once in a run, and is wiped at its end.
 */
#ifndef FOB_CLIENT_PASSPHRASE_H
#define FOB_CLIENT_PASSPHRASE_H

#include "client/command.h"
#include "proto/limits.h"

struct passphrase {
	size_t n;
	uint8_t bytes[PASSPHRASE_MAX];
};

/* In secret memory, or NULL. */
void passphrase_free(struct passphrase **passphrase);
#define AUTO_PASSPHRASE CLEANUP(passphrase_free)

/*
 * Fills in fob->passphrase, unless it is there. question: "Passphrase: ". 0,
 * or the status of the failure, which was told: STATUS_LOCKED when there is
 * no way to one.
 */
int passphrase_get(struct fob *fob, const char *question);

/* The same, but at the terminal an empty one is an answer: *ret_empty. */
int passphrase_or_empty(struct fob *fob, const char *question, bool *ret_empty);

/* A wrong one is forgotten, so that the next passphrase_get() asks. */
void passphrase_forget(struct fob *fob);

/* Is the terminal the only source? Then a wrong one may be asked for anew. */
bool passphrase_typed(const struct fob *fob);

/*
 * A new one: from file when that is not NULL, else from the sources above,
 * at the terminal twice. An empty one is refused unless may_be_empty.
 */
int passphrase_new(struct fob *fob, const char *file, bool may_be_empty,
		   struct passphrase **ret);

/*
 * The one of something else, of a file to import say: from file, or, when
 * that is NULL, asked for once at the terminal. option: what to give instead
 * of a terminal, for the message. 0 or a status that was told.
 */
int passphrase_other(struct fob *fob, const char *file, const char *question,
		     const char *option, struct passphrase **ret);

/* The same for one that is new: at the terminal twice, and never empty. */
int passphrase_other_new(struct fob *fob, const char *file, const char *option,
			 struct passphrase **ret);

struct key_file {
	size_t n;
	uint8_t bytes[KEY_FILE_MAX + 1]; /* one to see that it is too long */
};

void key_file_free(struct key_file **key_file);
#define AUTO_KEY_FILE CLEANUP(key_file_free)

/*
 * What is to open a device from now on: a passphrase, a key file, or both.
 * What the data of a request points to lives until opener_free().
 */
struct opener {
	struct passphrase *passphrase;
	struct key_file *key;
	ProtobufCBinaryData passphrase_data, key_data;
};
void opener_free(struct opener *opener);
#define AUTO_OPENER CLEANUP(opener_free)

/*
 * The key file that was named, and a new passphrase, which may be empty then,
 * from file if that is not NULL. *ret is zeroed. 0 or a status that was told.
 */
int opener_new(struct fob *fob, const char *file, struct opener *ret);

/* The content of a key file, 1 to KEY_FILE_MAX bytes; errors are told. */
int key_file_read(struct fob *fob, const char *path, struct key_file **ret);

#endif
