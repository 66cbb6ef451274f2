/*
 * The files in an archive of zip, unpacked in memory: plain ones, and ones
 * that a password opens (ZipCrypto, and AES as WinZip does it). libzip does
 * the work; the bounds are here. What the archive says of sizes is believed
 * only as far as a bound, and compared with what comes out.
 */
#ifndef FOB_FORMATS_MEMBERS_H
#define FOB_FORMATS_MEMBERS_H

#include <zip.h>

#include "client/formats/buffer.h"
#include "client/formats/import.h"

/* Zeroed is closed. */
struct members {
	zip_t *zip;	/* owned */
	char *password; /* owned, secret; NULL until one is needed */
	uint64_t n;	/* at most ARCHIVE_MEMBERS_MAX */
	uint64_t left;	/* bytes that may still be unpacked */
};

/*
 * file must outlive it. 0, -ENOMEM or IMPORT_ERR_FILE; to be closed in any
 * case.
 */
int members_open(struct members *members, struct bytes file,
		 struct import *import);
void members_close(struct members *members);
#define AUTO_MEMBERS CLEANUP(members_close)

/*
 * i: from 0, below n. What is a folder, or has nothing in it, leaves *ret
 * alone. 0, -ENOMEM, IMPORT_ERR_PASSWORD, or with import->error set
 * IMPORT_ERR_WRONG or IMPORT_ERR_FILE.
 */
int members_unpack(struct members *members, uint64_t i, struct import *import,
		   struct buffer *ret);

#endif
