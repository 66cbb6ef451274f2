#include "client/formats/archive.h"

#include <stdio.h>
#include <string.h>

#include "client/formats/formats.h"
#include "client/formats/members.h"
#include "proto/text.h"

#define TEXT_SIZE 120

/* What has been seen in it. */
struct seen {
	uint64_t members;   /* how many there are */
	uint64_t found;	    /* that are files of an application */
	bool nested;	    /* one is an archive */
	struct buffer file; /* owned; the first that was found */
};

static void seen_free(struct seen *seen)
{
	buffer_free(&seen->file);
}

bool archive_detect(struct bytes file)
{
	return file.n >= 4 && (memcmp(file.p, "PK\3\4", 4) == 0 ||
			       memcmp(file.p, "PK\5\6", 4) == 0);
}

/* Noise is taken for a file of an application only when there is no other. */
static const struct format *recognise(const struct seen *seen,
				      struct bytes file,
				      const struct format *wanted)
{
	const struct format *format = wanted;

	if (!wanted)
		format = formats_detect(file);
	else if (seen->members > 1 && !wanted->detect(file))
		format = NULL;
	if (format && seen->members > 1 &&
	    strcmp(format->name, "andotp") == 0 && !text_utf8(file))
		return NULL;
	return format;
}

/* Takes over the content of a member, when it is the first to be found. */
static void look(struct seen *seen, struct buffer *content,
		 const struct format *wanted, struct import *import)
{
	struct bytes file = buffer_bytes(content);
	const struct format *format;

	if (file.n == 0)
		return;
	if (archive_detect(file)) {
		seen->nested = true;
		return;
	}
	format = recognise(seen, file, wanted);
	if (!format || seen->found++ > 0)
		return;
	import->inner = format;
	seen->file = *content;
	*content = (struct buffer){ 0 };
}

/* Exactly one, so that positions and passwords are of one file. */
static int judge(const struct seen *seen, struct import *import)
{
	char text[TEXT_SIZE];

	if (seen->found == 1)
		return 0;
	if (seen->found > 1)
		snprintf(text, sizeof(text),
			 "the archive holds %llu files of accounts: unpack it, "
			 "and import them one by one",
			 (unsigned long long)seen->found);
	else if (seen->nested)
		snprintf(text, sizeof(text),
			 "the archive holds an archive: unpack it, and import "
			 "what is in it");
	else
		snprintf(text, sizeof(text),
			 "the archive holds %llu files, and none that is "
			 "recognised",
			 (unsigned long long)seen->members);
	return import_fail(import, text);
}

static int look_all(struct members *members, struct seen *seen,
		    struct import *import)
{
	const struct format *wanted = import->inner;
	int r = 0;

	seen->members = members->n;
	for (uint64_t i = 0; r == 0 && i < members->n; i++) {
		AUTO_BUFFER struct buffer content = { 0 };

		r = members_unpack(members, i, import, &content);
		if (r == 0)
			look(seen, &content, wanted, import);
	}
	return r ? r : judge(seen, import);
}

int archive_read(struct bytes file, struct import *import)
{
	CLEANUP(seen_free) struct seen seen = { 0 };
	AUTO_MEMBERS struct members members = { 0 };
	int r = members_open(&members, file, import);

	if (r == 0)
		r = look_all(&members, &seen, import);
	if (r != 0)
		return r;
	return import->inner->read(buffer_bytes(&seen.file), import);
}
