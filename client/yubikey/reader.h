/*
 * PC/SC: the service, its readers, and the card in one of them as a line of
 * session.h. The last failure is kept as a sentence for people. Owns the
 * connection; other programs wait while we hold it.
 */
#ifndef FOB_YUBIKEY_READER_H
#define FOB_YUBIKEY_READER_H

#include "client/yubikey/session.h"
#include "proto/status.h"

#define READER_TEXT_SIZE 512
#define READER_NAME_SIZE 160 /* PC/SC has names of 128 bytes */

struct pcsc; /* the handles of the library */

struct reader {
	struct pcsc *pcsc; /* owned */
	bool connected;
	char *names; /* owned: all readers, each with its NUL */
	size_t names_n;
	char name[READER_NAME_SIZE]; /* of the one that is connected */
	struct line line;
	enum status status; /* of the failure */
	char error[READER_TEXT_SIZE];
};

/* The service. 0, or a status; also after a failure it is to be closed. */
int reader_open(struct reader *reader);
void reader_close(struct reader *reader);

/* The next name after one of reader->names, from NULL; NULL at the end. */
const char *reader_next(const struct reader *reader, const char *name);

/*
 * The card in this reader, whose name is from reader_next(). 0,
 * STATUS_NOT_FOUND when there is none, or another status.
 */
int reader_connect(struct reader *reader, const char *name);

/* reset: the card forgets that it was given an access code. */
void reader_disconnect(struct reader *reader, bool reset);

#endif
