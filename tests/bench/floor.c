/*
 * What `fob add --wait-copies 1` cannot do without: a commit on one device, a
 * round trip over loopback with a commit on the other in its middle. For each
 * line on standard input it does that once and prints the nanoseconds.
 *
 * bench-floor FOLDER: two LMDB stores are made in it.
 */
#include <arpa/inet.h>
#include <lmdb.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "proto/base.h"

/* Of an entry: its row, and its blob. */
#define ROW_SIZE 480
#define BLOB_SIZE 272

struct store {
	MDB_env *env;
	MDB_dbi item, blob;
	uint32_t seq;
};

static void must(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static void store_open(struct store *store, const char *folder,
		       const char *name)
{
	char path[512];
	MDB_txn *txn;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	must(mkdir(path, 0700) == 0, path);
	must(!mdb_env_create(&store->env) &&
		     !mdb_env_set_maxdbs(store->env, 4) &&
		     !mdb_env_set_mapsize(store->env, (size_t)4 << 30) &&
		     !mdb_env_open(store->env, path, MDB_NOTLS, 0600),
	     "LMDB");
	must(!mdb_txn_begin(store->env, NULL, 0, &txn) &&
		     !mdb_dbi_open(txn, "item", MDB_CREATE, &store->item) &&
		     !mdb_dbi_open(txn, "blob", MDB_CREATE, &store->blob) &&
		     !mdb_txn_commit(txn),
	     "LMDB tables");
	store->seq = 0;
}

static void store_commit(struct store *store)
{
	static uint8_t row[ROW_SIZE + BLOB_SIZE];
	uint8_t key[4];
	MDB_val k = { sizeof(key), key };
	MDB_val item = { ROW_SIZE, row }, blob = { BLOB_SIZE, row + ROW_SIZE };
	MDB_txn *txn;

	store->seq++;
	for (int i = 0; i < 4; i++)
		key[i] = (uint8_t)(store->seq >> (24 - 8 * i));
	must(!mdb_txn_begin(store->env, NULL, 0, &txn) &&
		     !mdb_put(txn, store->item, &k, &item, 0) &&
		     !mdb_put(txn, store->blob, &k, &blob, 0) &&
		     !mdb_txn_commit(txn),
	     "LMDB commit");
}

static void read_all(int fd, uint8_t *to, size_t n)
{
	while (n > 0) {
		ssize_t got = read(fd, to, n);

		must(got > 0, "read");
		to += got;
		n -= (size_t)got;
	}
}

static void other_device(int fd, const char *folder)
{
	struct store store;
	uint8_t message[ROW_SIZE + BLOB_SIZE];

	store_open(&store, folder, "there");
	for (;;) {
		ssize_t got = read(fd, message, 1);

		if (got <= 0)
			_exit(0);
		read_all(fd, message + 1, sizeof(message) - 1);
		store_commit(&store);
		must(write(fd, message, 64) == 64, "answer");
	}
}

/* Both ends of one connection over loopback. */
static void connect_pair(int ret_fds[static 2])
{
	struct sockaddr_in name = { .sin_family = AF_INET };
	socklen_t n = sizeof(name);
	int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ret_fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	must(bind(listener, (struct sockaddr *)&name, n) == 0 &&
		     listen(listener, 1) == 0 &&
		     getsockname(listener, (struct sockaddr *)&name, &n) == 0 &&
		     connect(ret_fds[0], (struct sockaddr *)&name, n) == 0,
	     "loopback");
	ret_fds[1] = accept(listener, NULL, NULL);
	must(ret_fds[1] >= 0, "accept");
	close(listener);
	for (int i = 0; i < 2; i++)
		setsockopt(ret_fds[i], IPPROTO_TCP, TCP_NODELAY, &on,
			   sizeof(on));
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int main(int argc, char **argv)
{
	struct store store;
	uint8_t message[ROW_SIZE + BLOB_SIZE] = { 0 };
	int fds[2];
	char line[16];
	uint64_t begin;

	must(argc == 2, "usage: bench-floor FOLDER");
	connect_pair(fds);
	if (fork() == 0) {
		close(fds[0]);
		other_device(fds[1], argv[1]);
	}
	close(fds[1]);
	store_open(&store, argv[1], "here");
	while (fgets(line, sizeof(line), stdin)) {
		begin = now();
		store_commit(&store);
		must(write(fds[0], message, sizeof(message)) ==
			     (ssize_t)sizeof(message),
		     "send");
		read_all(fds[0], message, 64);
		printf("%llu\n", (unsigned long long)(now() - begin));
		fflush(stdout);
	}
	return 0;
}
