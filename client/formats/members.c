#include "client/formats/members.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proto/limits.h"
#include "proto/secret.h"

#define TEXT_SIZE 120

/* What the directory at its end says of one member. */
struct member {
	uint64_t number; /* from 1 */
	size_t n;	 /* bytes, unpacked */
	bool sealed;	 /* with a password */
	bool authentic;	 /* in a way that has a tag */
};

void members_close(struct members *members)
{
	if (members->zip)
		zip_discard(members->zip);
	secret_free(members->password);
}

/* --- what goes wrong --------------------------------------------------------- */

static int refuse(struct import *import, const struct member *member,
		  const char *why)
{
	char text[TEXT_SIZE];

	snprintf(text, sizeof(text), "member %llu of the archive %s",
		 (unsigned long long)member->number, why);
	return import_fail(import, text);
}

static int refuse_archive(struct import *import, const zip_error_t *error)
{
	switch (zip_error_code_zip(error)) {
	case ZIP_ER_MEMORY:
		return -ENOMEM;
	case ZIP_ER_NOZIP:
		return import_fail(import, "the archive is damaged: it has no "
					   "directory at its end, as if it "
					   "were cut off");
	default:
		return import_fail(import, "the archive is damaged: the "
					   "directory at its end makes no "
					   "sense");
	}
}

/* A check of one byte lets every 256th wrong password of ZipCrypto by. */
static int refuse_member(struct import *import, const struct member *member,
			 zip_error_t *error)
{
	int code = zip_error_code_zip(error);

	if (code == ZIP_ER_MEMORY)
		return -ENOMEM;
	if (code == ZIP_ER_COMPNOTSUPP || code == ZIP_ER_ENCRNOTSUPP)
		return refuse(import, member,
			      "is packed in a way that is not known here: "
			      "unpack it, and import what is in it");
	if (member->sealed)
		return import_wrong(import);
	if (code == ZIP_ER_CRC)
		return refuse(import, member,
			      "is damaged: its checksum is wrong");
	return refuse(import, member, "is damaged: it cannot be unpacked");
}

/* --- one member ---------------------------------------------------------------- */

static int describe(struct members *members, uint64_t i, struct import *import,
		    struct member *ret)
{
	struct zip_stat stat;
	uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_ENCRYPTION_METHOD;

	*ret = (struct member){ .number = i + 1 };
	zip_stat_init(&stat);
	if (zip_stat_index(members->zip, i, 0, &stat) != 0 ||
	    (stat.valid & needed) != needed)
		return refuse(import, ret, "is damaged: it is not described");
	if (stat.size > members->left)
		return refuse(import, ret,
			      "is too large: more than 64 MiB are not "
			      "unpacked");
	ret->n = (size_t)stat.size;
	ret->sealed = stat.encryption_method != ZIP_EM_NONE;
	ret->authentic = stat.encryption_method == ZIP_EM_AES_128 ||
			 stat.encryption_method == ZIP_EM_AES_192 ||
			 stat.encryption_method == ZIP_EM_AES_256;
	return 0;
}

/* libzip wants a text. */
static int take_password(struct members *members, struct import *import)
{
	struct bytes password;
	int r = import_password(import, &password);

	if (r != 0 || members->password)
		return r;
	if (password.n == 0 || memchr(password.p, 0, password.n))
		return import_wrong(import);
	members->password = secret_alloc(password.n + 1);
	if (!members->password)
		return -ENOMEM;
	memcpy(members->password, password.p, password.n);
	return 0;
}

static int open_member(const struct members *members,
		       const struct member *member, zip_flags_t flags,
		       struct import *import, zip_file_t **ret)
{
	*ret = zip_fopen_index_encrypted(members->zip, member->number - 1,
					 flags, members->password);
	if (*ret)
		return 0;
	return refuse_member(import, member, zip_get_error(members->zip));
}

/*
 * Reads a sealed member to its end, where libzip compares WinZip's HMAC. What
 * it compares behind the unpacked data, the checksum, may be 0 in such a
 * member (AE-2 of the WinZip specification), which libzip 1.7 does not know.
 */
static int authenticate(const struct members *members,
			const struct member *member, struct import *import)
{
	uint8_t some[4096];
	zip_file_t *from;
	zip_int64_t n = 1;
	int r = open_member(members, member, ZIP_FL_COMPRESSED, import, &from);

	if (r != 0)
		return r;
	while (n > 0)
		n = zip_fread(from, some, sizeof(some));
	if (n < 0)
		r = refuse_member(import, member, zip_file_get_error(from));
	zip_fclose(from);
	return r;
}

static bool is_checksum(zip_file_t *from)
{
	return zip_error_code_zip(zip_file_get_error(from)) == ZIP_ER_CRC;
}

/* The end is read as well: the checksum is compared behind it. */
static int read_member(zip_file_t *from, const struct member *member,
		       struct import *import, struct buffer *to)
{
	uint8_t more;
	size_t at = 0;
	zip_int64_t n = 1;

	while (at < to->n && n > 0) {
		n = zip_fread(from, to->p + at, to->n - at);
		at += n > 0 ? (size_t)n : 0;
	}
	if (n > 0)
		n = zip_fread(from, &more, 1);
	if (n < 0 && !(member->authentic && at == to->n && is_checksum(from)))
		return refuse_member(import, member, zip_file_get_error(from));
	if (n > 0 || at < to->n)
		return refuse(import, member,
			      "is damaged: its size is another than the "
			      "archive says");
	return 0;
}

static int unpack(struct members *members, const struct member *member,
		  struct import *import, struct buffer *ret)
{
	zip_file_t *from;
	int r = member->sealed ? take_password(members, import) : 0;

	if (r == 0 && member->authentic)
		r = authenticate(members, member, import);
	if (r == 0)
		r = open_member(members, member, 0, import, &from);
	if (r != 0)
		return r;
	r = buffer_alloc(ret, member->n);
	if (r == 0)
		r = read_member(from, member, import, ret);
	zip_fclose(from);
	return r;
}

int members_open(struct members *members, struct bytes file,
		 struct import *import)
{
	zip_error_t error;
	zip_source_t *source;
	int r = 0;

	zip_error_init(&error);
	source = zip_source_buffer_create(file.p, file.n, 0, &error);
	if (source)
		members->zip = zip_open_from_source(source, ZIP_RDONLY, &error);
	if (!members->zip) {
		r = refuse_archive(import, &error);
		zip_source_free(source);
	}
	zip_error_fini(&error);
	if (r != 0)
		return r;
	members->n = (uint64_t)zip_get_num_entries(members->zip, 0);
	members->left = IMPORT_FILE_MAX;
	if (members->n > ARCHIVE_MEMBERS_MAX)
		return import_fail(import, "the archive holds too many files: "
					   "unpack it, and import the one "
					   "that holds the accounts");
	return 0;
}

int members_unpack(struct members *members, uint64_t i, struct import *import,
		   struct buffer *ret)
{
	struct member member;
	int r = describe(members, i, import, &member);

	if (r != 0 || member.n == 0)
		return r;
	members->left -= member.n;
	return unpack(members, &member, import, ret);
}
