using Cote.Primitives;

namespace Cote.Media;

/// <summary>The folders of uploads: nodes may share that of finished ones, all others are the node's own.</summary>
sealed class MediaFolders(DataOptions data, MediaOptions options)
{
    readonly string _own = Path.Combine(data.Directory, "media");

    /// <summary>The blobs of finished uploads.</summary>
    public string Blobs =>
        Path.Combine(string.IsNullOrEmpty(options.Directory) ? _own : options.Directory, "blobs");

    /// <summary>Uploads that are arriving; no file in it outlives the process.</summary>
    public string Incoming => Path.Combine(_own, "incoming");

    /// <summary>The parts of resumable uploads, where they are kept on disk.</summary>
    public string Resumable => Path.Combine(_own, "resumable");

    /// <summary>Creates them, and deletes uploads that a crash cut off. Called before the first request.</summary>
    public void Open()
    {
        Create();
        foreach (var file in Directory.EnumerateFiles(Incoming)) // no other process uses the data directory
            File.Delete(file);
    }

    /// <summary>Creates those that are not there.</summary>
    public void Create()
    {
        try
        {
            foreach (var folder in new[] { Incoming, Resumable, Blobs })
                OwnerOnly.CreateFolder(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(
                $"The folders of the media, {Path.GetFullPath(_own)} and {Path.GetFullPath(Blobs)}"
                + $" (Cote__Media__Directory), cannot be made: {error.Message}", error);
        }
    }
}
