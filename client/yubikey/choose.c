#include "client/yubikey/choose.h"

#include <stdio.h>
#include <string.h>

#include "proto/text.h"

static const struct {
	enum status status;
	const char *text;
} errors[] = {
	[SESSION_ERR_BROKEN] = { STATUS_FAILED,
				 "the key answers what no key would" },
	[SESSION_ERR_APPLET] = { STATUS_NOT_FOUND,
				 "there is no OATH on this key, or it is "
				 "turned off" },
	[SESSION_ERR_CODE] = { STATUS_REFUSED,
			       "the access code of the key is wrong" },
	[SESSION_ERR_LOCKED] = { STATUS_LOCKED, "the key wants its access "
						"code" },
	[SESSION_ERR_FALSE] = { STATUS_REFUSED,
				"the key took the access code without "
				"knowing it: it is not the one that it "
				"seems to be" },
	[SESSION_ERR_NAME] = { STATUS_NOT_FOUND,
			       "the key has no account of this name: see "
			       "fob yubikey list" },
	[SESSION_ERR_FULL] = { STATUS_FAILED,
			       "the key is full: fob yubikey rm makes room" },
};

int choose_explain(struct reader *reader, const struct session *session,
		   int error)
{
	if (error == 0)
		return 0;
	if (error == SESSION_ERR_LINE)
		return (int)reader->status;
	if (error == SESSION_ERR_STATUS) {
		reader->status = STATUS_FAILED;
		snprintf(reader->error, sizeof(reader->error),
			 "the key refuses, with status %04x: nothing was "
			 "changed",
			 session->answer.status);
		return (int)reader->status;
	}
	REQUIRE(error > 0 && (size_t)error < ARRAY_SIZE(errors));
	reader->status = errors[error].status;
	snprintf(reader->error, sizeof(reader->error), "%s",
		 errors[error].text);
	return (int)reader->status;
}

static int try_one(struct reader *reader, const char *name,
		   struct session *session)
{
	int r;

	reader->name[0] = '\0';
	r = reader_connect(reader, name);
	if (r != 0)
		return r;
	session_init(session, &reader->line);
	r = choose_explain(reader, session, session_select(session));
	if (r != 0)
		reader_disconnect(reader, false);
	return r;
}

static int no_reader(struct reader *reader, const char *part)
{
	char shown[TEXT_ESCAPED_MAX(64)];

	text_escape(shown, sizeof(shown), text_of(part));
	reader->status = STATUS_NOT_FOUND;
	snprintf(reader->error, sizeof(reader->error),
		 "no reader has a name with \"%s\" in it", shown);
	return (int)reader->status;
}

static int several(struct reader *reader, const char *a, const char *b)
{
	reader->status = STATUS_AMBIGUOUS;
	snprintf(reader->error, sizeof(reader->error),
		 "there are several keys: choose one with --reader, \"%.100s\" "
		 "or \"%.100s\"",
		 a, b);
	return (int)reader->status;
}

/*
 * What is wrong with the only reader, or with the last that something is
 * wrong with: an empty one beside it says less.
 */
static void keep_worse(struct reader *reader, struct reader *worst)
{
	bool empty = reader->status == STATUS_NOT_FOUND &&
		     reader->name[0] == '\0';

	if (worst->status == STATUS_OK || !empty) {
		worst->status = reader->status;
		memcpy(worst->error, reader->error, sizeof(worst->error));
	}
}

int choose_key(struct reader *reader, const char *part, struct session *session)
{
	struct reader worst = { .status = STATUS_OK };
	const char *name = NULL, *found = NULL;

	while ((name = reader_next(reader, name))) {
		if (!text_contains(text_of(name), text_of(part)))
			continue;
		if (try_one(reader, name, session) != 0) {
			keep_worse(reader, &worst);
			continue;
		}
		reader_disconnect(reader, false);
		if (found)
			return several(reader, found, name);
		found = name;
	}
	if (found)
		return try_one(reader, found, session);
	if (worst.status == STATUS_OK)
		return no_reader(reader, part);
	reader->status = worst.status;
	memcpy(reader->error, worst.error, sizeof(reader->error));
	return (int)reader->status;
}
