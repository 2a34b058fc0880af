// The report as JSON, for report.py.
#include "inspector.h"

#include <unistd.h>

static const char* const kAccess[] = {"read", "write", "atomic", "atomic"};
static const char* const kSpace[] = {"global", "shared", "device"};

static void write_actor(FILE* file, const Inspector& self, const Actor& actor) {
    int line = actor.site < 0 ? -1 - actor.site : self.lines[actor.site];
    fprintf(file, "{\"block\":%lu,\"thread\":%u,\"line\":%d,\"access\":\"%s\"}", actor.block, actor.thread, line,
            kAccess[actor.access]);
}

void Inspector::write_report(const char* ending) {
    char* text = nullptr;
    size_t size = 0;
    FILE* file = open_memstream(&text, &size);
    if (!file) return;
    fprintf(file, "{\"ending\":\"%s\",\"arrays\":[", ending);
    for (unsigned i = 0; i < array_count; ++i) {
        const Array& a = arrays[i];
        unsigned most_reads = 0, most_writes = 0;
        uint64_t cells_read = 0, cells_written = 0, cells = (a.bytes + (1u << a.shift) - 1) >> a.shift;
        // A cell never touched would still cost a page here, so arrays that saw no access are passed over.
        for (uint64_t c = 0; c < cells && a.reads + a.writes + a.atomics; ++c) {
            most_reads = a.cells[c].reads > most_reads ? a.cells[c].reads : most_reads;
            most_writes = a.cells[c].writes > most_writes ? a.cells[c].writes : most_writes;
            cells_read += a.cells[c].reads != 0, cells_written += a.cells[c].writes != 0;
        }
        fprintf(file,
                "%s{\"name\":\"%s\",\"space\":\"%s\",\"bytes\":%zu,\"element\":%u,\"cell\":%u,\"reads\":%lu,\"read_bytes\":%lu,"
                "\"writes\":%lu,\"write_bytes\":%lu,\"atomics\":%lu,\"most_reads\":%u,\"most_writes\":%u,\"cells_read\":%lu,"
                "\"cells_written\":%lu}",
                i ? "," : "", a.name, kSpace[a.space], a.bytes, a.element, 1u << a.shift, (unsigned long)a.reads,
                (unsigned long)a.read_bytes, (unsigned long)a.writes, (unsigned long)a.write_bytes,
                (unsigned long)a.atomics, most_reads, most_writes, (unsigned long)cells_read, (unsigned long)cells_written);
    }
    fprintf(file, "],\"stats\":[");
    for (unsigned i = 0; i < stat_count; ++i) {
        const Stat& s = stats[i];
        fprintf(file,
                "%s{\"line\":%d,\"array\":%d,\"access\":\"%s\",\"accesses\":%lu,\"bytes\":%lu,\"requests\":%lu,\"sectors\":%lu,"
                "\"used_bytes\":%lu,\"passes\":%lu,\"ideal_passes\":%lu}",
                i ? "," : "", lines[s.site], s.array, kAccess[s.access], (unsigned long)s.accesses, (unsigned long)s.bytes,
                (unsigned long)s.requests, (unsigned long)s.sectors, (unsigned long)s.used_bytes,
                (unsigned long)s.passes, (unsigned long)s.ideal_passes);
    }
    fprintf(file, "],\"findings\":[");
    for (unsigned i = 0; i < findings.count; ++i) {
        const Finding& f = findings.list[i];
        fprintf(file, "%s{\"kind\":\"%s\",\"array\":%d,\"index\":%ld,\"address\":%lu,\"count\":%lu,\"actor\":", i ? "," : "",
                f.kind, f.array, (long)f.index, (unsigned long)f.address, (unsigned long)f.count);
        write_actor(file, *this, f.actor);
        if (f.has_other) fprintf(file, ",\"other\":"), write_actor(file, *this, f.other);
        fprintf(file, "}");
    }
    fprintf(file, "],\"events\":[");
    for (unsigned i = 0; i < event_count && !too_many_events; ++i)
        fprintf(file, "%s[%d,%d,%u,%u,\"%s\"]", i ? "," : "", events[i].array, events[i].index, events[i].block,
                events[i].thread, kAccess[events[i].access]);
    fprintf(file, "],\"too_many_events\":%s}\n", too_many_events ? "true" : "false");
    fclose(file);
    for (ssize_t n; size && (n = write(report, text, size)) > 0; size -= (size_t)n) text += n;
}
