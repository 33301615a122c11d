namespace Cote.Data;

/// <summary>
/// The folder in which a restore prepares everything. A data directory that has it and no database is one of a restore
/// that was cut off: a server that started on it would begin an empty database.
/// </summary>
static class UnfinishedRestore
{
    public const string Folder = "restoring";

    /// <summary>Whether the data directory is such a one.</summary>
    public static bool IsIn(DataOptions data) =>
        Directory.Exists(Path.Combine(data.Directory, Folder)) && !File.Exists(data.DatabaseFile);

    /// <summary>Refuses it.</summary>
    public static void Refuse(DataOptions data)
    {
        if (IsIn(data))
            throw new StartupException(
                $"The folder {Path.GetFullPath(data.Directory)} holds a restore that was cut off. Run it again: it "
                + $"begins anew. Or delete the folder {Folder} in it, and begin with an empty database.");
    }
}
