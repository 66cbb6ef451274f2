/*
 * Which of the keys that are plugged in: the one with OATH on it, or, when
 * there are several, the one that was named. Thin, over reader.h.
 */
#ifndef FOB_YUBIKEY_CHOOSE_H
#define FOB_YUBIKEY_CHOOSE_H

#include "client/yubikey/reader.h"

/*
 * The service is open. part: of the reader's name, "" for any. On success the
 * reader is connected and the session has selected the applet. 0, or a status
 * with reader->error.
 */
int choose_key(struct reader *reader, const char *part,
	       struct session *session);

/*
 * What the session's error means, as a status, with the sentence in
 * reader->error.
 */
int choose_explain(struct reader *reader, const struct session *session,
		   int error);

#endif
