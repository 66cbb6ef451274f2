#include "client/yubikey/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winscard.h>

struct pcsc {
	SCARDCONTEXT context; /* 0: none */
	SCARDHANDLE card;
	DWORD protocol;
};

/* What can go wrong in ways that people can do something about. */
static const struct {
	LONG code;
	enum status status;
	const char *text;
} failures[] = {
	{ SCARD_E_NO_SERVICE, STATUS_FAILED,
	  "the smart card service does not run: start pcscd" },
	{ SCARD_E_SERVICE_STOPPED, STATUS_FAILED,
	  "the smart card service has stopped: start pcscd again" },
	{ SCARD_E_NO_READERS_AVAILABLE, STATUS_NOT_FOUND,
	  "no key and no reader is connected: plug one in" },
	{ SCARD_E_READER_UNAVAILABLE, STATUS_NOT_FOUND,
	  "the reader is gone: plug it in again" },
	{ SCARD_E_UNKNOWN_READER, STATUS_NOT_FOUND,
	  "the reader is gone: plug it in again" },
	{ SCARD_E_NO_SMARTCARD, STATUS_NOT_FOUND,
	  "there is no key in the reader" },
	{ SCARD_W_REMOVED_CARD, STATUS_FAILED,
	  "the key was removed: see with `fob yubikey list` what it holds" },
	{ SCARD_W_RESET_CARD, STATUS_FAILED,
	  "another program has reset the key: try again" },
	{ SCARD_W_UNPOWERED_CARD, STATUS_FAILED,
	  "the key has no power: put it in again" },
	{ SCARD_W_UNRESPONSIVE_CARD, STATUS_FAILED,
	  "the key does not answer: put it in again" },
	{ SCARD_E_SHARING_VIOLATION, STATUS_FAILED,
	  "another program holds the key (GnuPG's scdaemon, say): end it, "
	  "and try again" },
};

static int failed(struct reader *reader, LONG code)
{
	reader->status = STATUS_FAILED;
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		if (failures[i].code != code)
			continue;
		reader->status = failures[i].status;
		snprintf(reader->error, sizeof(reader->error), "%s",
			 failures[i].text);
		return (int)reader->status;
	}
	snprintf(reader->error, sizeof(reader->error), "the reader: %s",
		 pcsc_stringify_error(code));
	return (int)reader->status;
}

/* --- a line to a card ------------------------------------------------------------ */

static int transmit(void *context, struct bytes command,
		    uint8_t ret[static APDU_PIECE_MAX], size_t *ret_n)
{
	struct reader *reader = context;
	const SCARD_IO_REQUEST *header =
		reader->pcsc->protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 :
							      SCARD_PCI_T1;
	DWORD n = APDU_PIECE_MAX;
	LONG r = SCardTransmit(reader->pcsc->card, header, command.p, command.n,
			       NULL, ret, &n);

	if (r != SCARD_S_SUCCESS)
		return failed(reader, r);
	/* Some drivers say so of a card that went while it was asked. */
	if (n == 0)
		return failed(reader, SCARD_W_REMOVED_CARD);
	*ret_n = n;
	return 0;
}

static LONG hold(struct reader *reader, const char *name)
{
	LONG r = SCardConnect(reader->pcsc->context, name, SCARD_SHARE_SHARED,
			      SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1,
			      &reader->pcsc->card, &reader->pcsc->protocol);

	if (r != SCARD_S_SUCCESS)
		return r;
	r = SCardBeginTransaction(reader->pcsc->card);
	if (r != SCARD_S_SUCCESS)
		SCardDisconnect(reader->pcsc->card, SCARD_LEAVE_CARD);
	return r;
}

int reader_connect(struct reader *reader, const char *name)
{
	LONG r;

	REQUIRE(!reader->connected);
	r = hold(reader, name);
	if (r != SCARD_S_SUCCESS)
		return failed(reader, r);
	reader->connected = true;
	snprintf(reader->name, sizeof(reader->name), "%s", name);
	return 0;
}

void reader_disconnect(struct reader *reader, bool reset)
{
	DWORD how = reset ? SCARD_RESET_CARD : SCARD_LEAVE_CARD;

	if (!reader->connected)
		return;
	SCardEndTransaction(reader->pcsc->card, how);
	SCardDisconnect(reader->pcsc->card, how);
	reader->connected = false;
}

/* --- the readers ------------------------------------------------------------------ */

static LONG list_readers(struct reader *reader)
{
	DWORD n = 0;
	LONG r = SCardListReaders(reader->pcsc->context, NULL, NULL, &n);

	if (r != SCARD_S_SUCCESS)
		return r;
	/* One more NUL than it says, whatever it says. */
	reader->names = calloc(1, n + 1);
	if (!reader->names)
		return SCARD_E_NO_MEMORY;
	r = SCardListReaders(reader->pcsc->context, NULL, reader->names, &n);
	reader->names_n = n;
	return r;
}

int reader_open(struct reader *reader)
{
	LONG r;

	*reader = (struct reader){ .line = { transmit, reader } };
	reader->pcsc = calloc(1, sizeof(*reader->pcsc));
	if (!reader->pcsc)
		return failed(reader, SCARD_E_NO_MEMORY);
	r = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL,
				  &reader->pcsc->context);
	if (r == SCARD_S_SUCCESS)
		r = list_readers(reader);
	return r == SCARD_S_SUCCESS ? 0 : failed(reader, r);
}

void reader_close(struct reader *reader)
{
	reader_disconnect(reader, false);
	if (reader->pcsc && reader->pcsc->context)
		SCardReleaseContext(reader->pcsc->context);
	free(reader->pcsc);
	free(reader->names);
	reader->pcsc = NULL;
	reader->names = NULL;
}

const char *reader_next(const struct reader *reader, const char *name)
{
	const char *next = name ? name + strlen(name) + 1 : reader->names;

	if (!next || next >= reader->names + reader->names_n || *next == '\0')
		return NULL;
	return next;
}
