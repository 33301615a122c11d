namespace Cote.Testing;

/// <summary>The sources that these tests were built from.</summary>
public static class Repository
{
#if DEBUG
    const string Configuration = "Debug";
#else
    const string Configuration = "Release";
#endif

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

    /// <summary>The program that the build of a project has made, in the configuration of these tests.</summary>
    /// <param name="project">Its folder, such as <c>samples/CustomServer</c>.</param>
    public static string Program(string project) =>
        System.IO.Path.Combine(Root, project, "bin", Configuration, "net10.0", System.IO.Path.GetFileName(project));
}
