namespace Cote.Testing;

/// <summary>The sources that these tests were built from.</summary>
public static class Repository
{
    public static string Root { get; } = Find();

    public static string Path(string relative) => System.IO.Path.Combine(Root, relative);

    static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(System.IO.Path.Combine(folder.FullName, "Cote.slnx")))
            folder = folder.Parent
                ?? throw new InvalidOperationException("These tests do not stand in the repository.");
        return folder.FullName;
    }
}
