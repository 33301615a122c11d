using Cote.Primitives;

namespace Cote.Events;

/// <summary>
/// A file beside the embedded database that notices when the database was put back from a copy. It holds the name of
/// the last run, which stands in the database too, and a number of events that were committed for certain. A copy of an
/// earlier run has another name; one of the same run has fewer events. Clients may have seen what the copy does not
/// have, so it begins a new epoch.
/// </summary>
sealed class EpochFile(DataOptions options)
{
    string _run = "";
    long _written = -1;

    string Name => options.DatabaseFile + ".epoch";

    /// <summary>Is a database with this run and so many events older than what was known here?</summary>
    public bool IsOlderThanKnown(string? run, long committed) =>
        !File.Exists(Name) || File.ReadAllText(Name).Split(' ', '\n') is not [var known, var least, ..]
        || known != run || !long.TryParse(least, out var events) || committed < events;

    /// <summary>A run begins. This one is on disk when it returns: the next start will look for it.</summary>
    public void Begin(string run, long committed)
    {
        _run = run;
        Write(committed, toDisk: true);
    }

    /// <summary>Goes on with a run that stands in the database; the file is written as soon as it can be.</summary>
    public void Resume(string run) => _run = run;

    /// <summary>So many events are committed.</summary>
    public void Note(long committed)
    {
        if (_run.Length > 0 && committed != _written)
            Write(committed, toDisk: false);
    }

    // As a whole: a start that finds half a file would begin a new epoch for nothing.
    void Write(long committed, bool toDisk)
    {
        AtomicFile.Write(Name, System.Text.Encoding.ASCII.GetBytes($"{_run} {committed}\n"), toDisk);
        _written = committed;
    }
}
