using System.Text;
using Cote.Media;
using Cote.Primitives;

namespace Cote.Admin;

/// <summary>
/// <c>erased.txt</c> in the data directory: a line for each account that was erased, with its id and the moment. A
/// restore brings accounts back that were erased after the backup, and erases them again by this list.
/// </summary>
sealed class ErasedList(DataOptions data)
{
    public const string FileName = "erased.txt";

    readonly Lock _lock = new();

    /// <summary>
    /// Appends an account; the line is on disk when it returns. An erasure that a crash cut off may do it twice.
    /// </summary>
    public void Append(string userId, Timestamp at) => Append([(userId, at.ToString())]);

    /// <summary>Appends lines of other lists, without accounts that it has.</summary>
    public void Merge(IEnumerable<(string UserId, string At)> erased)
    {
        var known = ReadIn(data.Directory).Select(x => x.UserId).ToHashSet();
        Append([.. erased.Where(x => known.Add(x.UserId))]);
    }

    void Append(IReadOnlyCollection<(string UserId, string At)> erased)
    {
        if (erased.Count == 0)
            return;
        var path = Path.Combine(data.Directory, FileName);
        var lines = string.Concat(erased.Select(x => $"{x.UserId} {x.At}\n"));
        lock (_lock)
            try
            {
                var isNew = !File.Exists(path);
                using (var file = OwnerOnly.Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read))
                {
                    if (file.Length > 0)
                    {
                        file.Seek(-1, SeekOrigin.End);
                        if (file.ReadByte() != '\n') // a crash has cut the last line
                            file.WriteByte((byte)'\n');
                    }
                    file.Write(Encoding.ASCII.GetBytes(lines));
                    file.Flush(flushToDisk: true);
                }
                if (isNew)
                    AtomicFile.SyncFolder(data.Directory);
            }
            catch (IOException error) when (Disk.IsFull(error))
            {
                throw new ProblemException(Problems.DiskFull, error);
            }
    }

    /// <summary>The accounts of the list in a folder; none where it has no list.</summary>
    public static IReadOnlyList<(string UserId, string At)> ReadIn(string folder) =>
        Path.Combine(folder, FileName) is var path && File.Exists(path) ? Read(path) : [];

    /// <summary>
    /// The accounts of a list. A line that a crash has cut is left out: its erasure went on at the next start.
    /// </summary>
    public static IReadOnlyList<(string UserId, string At)> Read(string path)
    {
        var text = File.ReadAllText(path);
        var erased = new List<(string, string)>();
        foreach (var (line, number) in text.Split('\n').Select((x, i) => (x, i + 1)))
        {
            if (string.IsNullOrWhiteSpace(line))
                continue;
            var words = line.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries);
            if (words[0].Length < 36 && words[0].All(x => char.IsAsciiHexDigit(x) || x == '-'))
                continue;
            if (Ids.Parse(words[0]) is not { } id)
                throw new StartupException($"Line {number} of {path} does not begin with the id of an account.");
            erased.Add((id, words.Length > 1 ? words[1].Trim() : ""));
        }
        return erased;
    }
}
