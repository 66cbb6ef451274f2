#include "client/pictures.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/account.h"
#include "client/parsed.h"
#include "client/report.h"
#include "client/spool.h"
#include "proto/text.h"

#define MIGRATION "otpauth-migration:"

void pictures_free(struct pictures *pictures)
{
	if (pictures->fd >= 0)
		close(pictures->fd);
	*pictures = (struct pictures){ .fd = -1 };
}

bool pictures_detect(int in)
{
	static const char png[] = "\x89PNG\r\n\x1a\n", jpeg[] = "\xff\xd8\xff";
	char begin[8];
	ssize_t n = pread(in, begin, sizeof(begin), 0);

	return n == (ssize_t)sizeof(begin) &&
	       (memcmp(begin, png, sizeof(begin)) == 0 ||
		memcmp(begin, jpeg, strlen(jpeg)) == 0);
}

static int write_all(int fd, struct bytes bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes.p += n;
		bytes.n -= (size_t)n;
	}
	return 0;
}

/* What is more than a line is no URI, and must not become several. */
static int add_line(struct pictures *pictures, ProtobufCBinaryData text)
{
	static const char migration[] = MIGRATION;
	struct bytes bytes = { text.data, text.len }, end = text_of("\n");
	size_t i;
	int r;

	for (i = 0; i < text.len; i++)
		if (text.data[i] == '\n' || text.data[i] == '\r')
			text.data[i] = ' ';
	pictures->codes++;
	pictures->bytes += text.len;
	if (pictures->bytes > IMPORT_FILE_MAX)
		return -EFBIG;
	if (text.len >= strlen(migration) &&
	    memcmp(text.data, migration, strlen(migration)) == 0)
		pictures->exports++;
	r = write_all(pictures->fd, bytes);
	return r == 0 ? write_all(pictures->fd, end) : r;
}

int pictures_add(struct fob *fob, struct pictures *pictures, const char *name,
		 int in)
{
	struct parsed parsed AUTO_PARSED = { 0 };
	size_t i;
	int r = parsed_picture(fob, name, in, &parsed);

	if (r != 0)
		return r;
	if (pictures->fd < 0)
		pictures->fd = memfd_create("pictures", MFD_CLOEXEC);
	if (pictures->fd < 0)
		return fail(fob, STATUS_FAILED, "%s", strerror(errno));
	if (parsed.n == 0)
		warn(fob, "%s: there is no QR code in it", name);
	for (i = 0; r == 0 && i < parsed.n; i++)
		r = add_line(pictures, parsed.list[i].message->data);
	return r == 0 ? 0 : fail(fob, STATUS_FAILED, "%s", strerror(-r));
}

int pictures_done(struct fob *fob, const struct pictures *pictures,
		  char **ret_format)
{
	static char google[] = "google", uri[] = "uri";

	if (pictures->codes == 0)
		return fail(fob, STATUS_NOT_FOUND, "no QR code was found");
	if (spool_rewind(pictures->fd) < 0)
		return fail(fob, STATUS_FAILED, "%s", strerror(errno));
	*ret_format = pictures->exports == pictures->codes ? google : uri;
	return 0;
}
