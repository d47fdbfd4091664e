/* What the kernel asks for the bare facts, with nothing done with them: the floor under every monitor.
 *
 *   floor open SECONDS      open, read and close `stat` of every process, once a second
 *   floor kept SECONDS      the same with descriptors that stay open
 *   floor sockets SECONDS   a dump of all established TCP sockets over netlink (sock_diag), IPv4 and IPv6
 *
 * Prints the median CPU time of a second in milliseconds and the number of things read. The first second, in which
 * descriptors are opened and caches filled, does not count.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PIDS = 1 << 22, BEATS = 1000 };

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int processes(int keep)
{
    static int kept[PIDS];
    static char text[4096];
    char path[64];
    int count = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && (entry = readdir(proc));) {
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        int pid = atoi(entry->d_name);
        int file = keep && pid < PIDS ? kept[pid] : 0;
        if (file <= 0) {
            snprintf(path, sizeof path, "/proc/%d/stat", pid);
            file = open(path, O_RDONLY | O_CLOEXEC);
        }
        if (file < 0)
            continue;
        int alive = pread(file, text, sizeof text, 0) > 0;
        count += alive;
        if (keep && pid < PIDS && alive) {
            kept[pid] = file;
        } else {
            close(file);
            if (keep && pid < PIDS)
                kept[pid] = 0;
        }
    }
    if (proc)
        closedir(proc);
    return count;
}

static int sockets(void)
{
    static int wire = -1;
    static char buffer[1 << 18];
    int count = 0;
    if (wire < 0)
        wire = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    for (int family = AF_INET; family; family = family == AF_INET ? AF_INET6 : 0) {
        struct {
            struct nlmsghdr head;
            struct inet_diag_req_v2 ask;
        } request = {
            .head = { .nlmsg_len = sizeof request, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
            .ask = { .sdiag_family = family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = 1 << TCP_ESTABLISHED },
        };
        if (send(wire, &request, sizeof request, 0) < 0)
            return -1;
        for (int more = 1; more;) {
            int left = recv(wire, buffer, sizeof buffer, 0);
            if (left <= 0)
                return -1;
            for (struct nlmsghdr *head = (struct nlmsghdr *)buffer; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
                if (head->nlmsg_type == NLMSG_DONE || head->nlmsg_type == NLMSG_ERROR) {
                    more = 0;
                    break;
                }
                count++;
            }
        }
    }
    return count;
}

int main(int argc, char **argv)
{
    static double cost[BEATS];
    int seconds = argc > 2 ? atoi(argv[2]) : 0;
    if (seconds < 1 || seconds >= BEATS)
        return 64;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int count = 0;
    for (int beat = 0; beat <= seconds; beat++) {
        double start = cpu_ms();
        count = strcmp(argv[1], "sockets") == 0 ? sockets() : processes(strcmp(argv[1], "kept") == 0);
        if (count < 0)
            return 1;
        cost[beat] = cpu_ms() - start;
        sleep(1);
    }
    qsort(cost + 1, seconds, sizeof *cost, ascending);
    printf("%.3f %d\n", cost[1 + seconds / 2], count);
}
